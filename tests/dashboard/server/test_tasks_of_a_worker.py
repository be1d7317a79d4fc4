"""Tasks of two visitors on a real worker."""

import time
from pathlib import Path

import pytest

from dashboard.server import tasks
from dashboard.server.line import Line
from dashboard.server.tasks import Task

pytestmark = pytest.mark.slow

PATIENCE = 300  # seconds for an answer, on a machine that is busy


def write_when_told(diary: Path, word: str) -> str:
    """Write the word; the first work then waits until somebody else has written."""
    with diary.open("a") as file:
        file.write(f"{word}\n")
    while word == "ann 0" and "short" not in diary.read_text().split():
        time.sleep(0.02)
    return word


def test_long_tasks_of_two_visitors_take_turns_and_a_short_call_does_not_wait(engine, tmp_path, monkeypatch):
    diary, line = tmp_path / "diary", Line("long", lambda: engine)
    wanted = ["ann 0", "ann 1", "ann 2", "bob 0"]
    each = {
        word: Task(word, write_when_told, (diary, word), line=lambda: line, engine=lambda: engine) for word in wanted
    }
    for word, task in each.items():
        monkeypatch.setattr(tasks, "_visitor", lambda word=word: word.split()[0])
        task.begin()
    assert [task.ahead for task in each.values()] == [0, 2, 3, 1]
    deadline = time.monotonic() + PATIENCE
    while not diary.exists():  # ann's first has not begun
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert engine.call(write_when_told, diary, "short").result(timeout=PATIENCE) == "short"
    for task in each.values():
        assert task._attempt is not None
        assert task._attempt.future.result(timeout=PATIENCE) == task.name
    assert diary.read_text().splitlines() == ["ann 0", "short", "bob 0", "ann 1", "ann 2"]
