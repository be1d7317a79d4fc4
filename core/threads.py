"""How many threads the products of NumPy, SciPy and scikit-learn use, set for each kind of work.

Dask starts its workers with one thread for all of them, a terminal has as many as there are cores. What is measured
is in docs/benchmarks.md.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core import hardware

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits

_LOCK = threading.Lock()
_limits: list["threadpool_limits"] = []  # in force; the first knows what was before


@contextmanager
def one() -> Iterator[None]:
    """One thread, for heads: threads that share such small products wait for each other for longer than they compute.

    The limit is the process's. Of several at once, whoever ends first lifts the newest, and the last one the oldest.
    """
    with _limited(1, "blas"):
        yield


@contextmanager
def all_cores() -> Iterator[None]:
    """A thread for each core, for projections and neighbours of many images; shared as `one` is."""
    import sklearn.neighbors  # noqa: F401 - threadpoolctl limits its OpenMP only if it is loaded already

    with _limited(hardware.describe()["cores"], None):
        yield


@contextmanager
def _limited(count: int, api: str | None) -> Iterator[None]:
    import scipy.linalg
    import scipy.optimize  # noqa: F401 - threadpoolctl limits SciPy's own OpenBLAS only if it is loaded already
    from threadpoolctl import threadpool_limits

    with _LOCK:
        _limits.append(threadpool_limits(count, user_api=api))
    try:
        yield
    finally:
        with _LOCK:
            _limits.pop().restore_original_limits()
