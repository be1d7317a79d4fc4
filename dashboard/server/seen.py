"""Access control of server functions: what a visitor may not see is neither read nor computed for them."""

import functools
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, TypeVar, cast

from core import people
from core.config import RunConfig
from core.data import dataset as datasets
from core.data.dataset import Dataset
from core.embeddings import Source
from core.maps import MapConfig
from core.runs import RunRow
from dashboard.server import stored

RUNS = ("run_id", "model", "models")  # names of arguments that hold the id of a run, or ids
DATASETS = ("dataset",)  # likewise, of a dataset

Function = TypeVar("Function", bound=Callable[..., Any])


def seen(function: Function) -> Function:
    """Refuse a run, dataset or map among the arguments that the visitor may not see: AccessError.

    It goes outside a cache, which all visitors share.
    """
    parameters = signature(function)

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for name, value in parameters.bind(*args, **kwargs).arguments.items():
            for owner in _owners(name, value):
                people.require("see", owner)
        return function(*args, **kwargs)

    guarded.clear = getattr(function, "clear", None)  # pyright: ignore[reportAttributeAccessIssue]
    return cast(Function, guarded)


def _owners(name: str, value: Any) -> Iterator[str]:
    """The owners of an argument."""
    match value:
        case Dataset():
            yield value.person
        case RunRow():
            yield stored.owner(value)
        case RunConfig():
            yield datasets.person(value.dataset)
            yield from map(stored.person, (value.start, value.teacher))
        case Source():
            yield from (datasets.person(value.dataset), stored.person(value.run))
        case tuple():  # of *args
            for each in value:
                yield from _owners(name, each)
        case MapConfig():
            yield from _owners("source", value.source)
        case str() if name in RUNS:
            yield stored.person(value)
        case str() if name in DATASETS:
            yield datasets.person(value)
