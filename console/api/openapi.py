"""The OpenAPI 3.1 document, made from the operations and their models: https://spec.openapis.org/oas/v3.1.1.html."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from console.api.models import Nothing, Problem
from console.api.operations import OPERATIONS, Operation

_REF = "#/components/schemas/{model}"
# What may go wrong with any of them, and what that means.
_PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "The request is not as described here.",
    HTTPStatus.UNAUTHORIZED: "There is no token, or it is unknown or revoked.",
    HTTPStatus.FORBIDDEN: "The token lacks the scope.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.CONFLICT: "It can't be done as things stand.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.TOO_MANY_REQUESTS: "Paddle's API budget has no room now. `Retry-After` says when to ask again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something broke here.",
    HTTPStatus.BAD_GATEWAY: "Paddle refuses us.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store or Paddle doesn't answer now. `Retry-After` says when to ask again.",
}


def document() -> dict[str, Any]:
    """Return the document."""
    models: dict[type[BaseModel], None] = dict.fromkeys(
        [*(one.answer for one in OPERATIONS), *(one.body for one in OPERATIONS if one.body is not Nothing), Problem]
    )
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dunning",
            "version": "1",
            "summary": "Portal links, standing and cases, for the seller's own programs.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                status.name: {
                    "description": said,
                    "content": {"application/problem+json": {"schema": _ref(Problem)}},
                }
                for status, said in _PROBLEMS.items()
            },
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Takes a token with the scope `{one.scope}`.",
        "security": [{"token": []}],
        "parameters": [*_parameters(one.in_path, "path"), *_parameters(one.query, "query")],
        "responses": {
            "200": {"description": one.answer.__doc__, "content": {"application/json": {"schema": _ref(one.answer)}}},
            **{str(status.value): {"$ref": f"#/components/responses/{status.name}"} for status in _PROBLEMS},
        },
    }
    if one.body is not Nothing:
        required = any(field.is_required() for field in one.body.model_fields.values())
        told["requestBody"] = {"required": required, "content": {"application/json": {"schema": _ref(one.body)}}}
    return told


def _parameters(model: type[BaseModel], place: str) -> Sequence[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=_REF)
    return [
        {"name": name, "in": place, "required": place == "path", "schema": _inlined(one, schema.get("$defs", {}))}
        for name, one in schema.get("properties", {}).items()
    ]


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(schema, dict):
        if "$ref" in schema:
            return definitions[schema["$ref"].rpartition("/")[2]]
        return {name: _inlined(value, definitions) for name, value in schema.items()}
    return [_inlined(one, definitions) for one in schema] if isinstance(schema, list) else schema


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
