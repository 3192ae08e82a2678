"""That what one store offers, the other offers under the same name and with the same arguments."""

import inspect

import pytest

from dunning.store import Store
from dunning.store.memory import MemoryStore
from tests.integration.at_rest import NOW

IN_REDIS = vars(Store.open("redis://nowhere.example", rate_limit=1))
IN_MEMORY = {name: part for name, part in vars(MemoryStore(lambda: NOW, rate_limit=1)).items() if name != "kept"}


def methods(of: object) -> set[str]:
    return {
        name
        for name, one in vars(type(of)).items()
        if (inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one)) and not name.startswith("_")
    }


@pytest.mark.parametrize("part", sorted(IN_MEMORY))
def test_the_store_in_memory_has_no_method_that_redis_has_not(part: str) -> None:
    assert methods(IN_MEMORY[part])
    assert methods(IN_MEMORY[part]) <= methods(IN_REDIS[part])


@pytest.mark.parametrize(
    ("part", "method"), sorted((part, one) for part in IN_MEMORY for one in methods(IN_MEMORY[part]))
)
def test_each_method_is_called_alike_in_both_stores(part: str, method: str) -> None:
    ours, theirs = (inspect.signature(getattr(type(of[part]), method)) for of in (IN_MEMORY, IN_REDIS))
    assert ours == theirs
