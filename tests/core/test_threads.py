"""Products use as many threads as suit the kind of work, in a worker too, where Dask leaves them one."""

from contextlib import ExitStack

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - their threads can be counted once they are loaded
import sklearn.neighbors  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from core import hardware, neighbours, threads
from core.maps import pca


def counted(*apis: str) -> set[int]:
    """The threads of each BLAS, or OpenMP, in this process."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] in apis}


needs_threads = pytest.mark.skipif(not counted("blas"), reason="threadpoolctl knows no BLAS here (macOS: Accelerate)")


@needs_threads
def test_of_two_solvers_at_once_the_last_one_gives_the_threads_back():
    first, second = ExitStack(), ExitStack()
    with threadpool_limits(2, user_api="blas"):
        first.enter_context(threads.one())
        second.enter_context(threads.one())
        first.close()
        assert counted("blas") == {1}
        second.close()
        assert counted("blas") == {2}


@needs_threads
@pytest.mark.parametrize("earlier", [threads.one, threads.all_cores])
def test_a_head_and_a_map_at_once_leave_a_worker_as_it_was(earlier):
    later = threads.all_cores if earlier is threads.one else threads.one
    first, second = ExitStack(), ExitStack()
    with threadpool_limits(1):
        first.enter_context(earlier())
        second.enter_context(later())
        first.close()
        second.close()
        assert counted("blas", "openmp") == {1}


@needs_threads
def test_neighbours_and_projections_use_all_cores_where_products_have_one_thread(monkeypatch):
    monkeypatch.setattr(hardware, "describe", lambda: {"cores": 3})
    values = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    searching, projecting = set(), set()
    unit = neighbours.unit
    monkeypatch.setattr(neighbours, "unit", lambda vectors: projecting.update(counted("blas")) or unit(vectors))
    with threadpool_limits(1):
        neighbours.of_each(values, 3, report=lambda progress: searching.update(counted("blas", "openmp")))
        pca.fit(values, 2, metric="cosine")
        assert counted("blas", "openmp") == {1}
    assert (searching, projecting) == ({3}, {3})
