"""How a variable is declared: what reads it, and what stands in for it until it is filled in."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, PlainValidator

from dunning.settings.values import check_filled_in

PREFIX = "DUNNING_"


def read_by(parse: Callable[[str], object], placeholder: object = None) -> PlainValidator:
    """Let `parse` read what the environment gives, and leave defaults as they are.

    What was not filled in is refused, or read as `placeholder` if there is such a value.
    """

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            check_filled_in(value)
        except ValueError:
            if placeholder is None:
                raise
            return placeholder
        return parse(value)

    return PlainValidator(read)


class Declared(BaseModel):
    """Variables. A field's description says what its value should be."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, alias_generator=lambda name: PREFIX + name.upper()
    )
