"""A process that works on a run is known from others, whatever the clock says."""

import os
import socket

import psutil
import pytest

from core import runs
from tests.core.runs.results import TINY

pytestmark = pytest.mark.usefixtures("store")


def owner_of_a_run() -> dict:
    """The process that is noted with a run: this one."""
    owners: list[dict] = []
    runs.create(TINY)
    runs.mark_interrupted(lambda run_id, owner: owners.append(owner) or True)
    return owners[0]


def test_a_process_that_has_the_number_of_a_dead_one_is_not_it():
    owner = owner_of_a_run()
    assert runs.process_alive("", owner)
    assert not runs.process_alive("", owner | {"started": owner["started"] - 1000})
    assert not runs.process_alive("", owner | {"boot": "before the machine was started again"})
    assert runs.process_alive("", owner | {"host": "another machine"})


def test_a_clock_that_is_set_ends_no_run(monkeypatch):
    owner = owner_of_a_run()
    earlier = psutil._psplatform.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: earlier + 7200)
    assert runs.process_alive("", owner)


def test_an_owner_that_an_earlier_version_wrote_is_recognised():
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "started": psutil.Process().create_time()}
    assert runs.process_alive("", owner)
    assert not runs.process_alive("", owner | {"started": owner["started"] - 1000})
