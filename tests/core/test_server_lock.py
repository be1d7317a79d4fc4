"""One server works in a home folder; another one says who has it, and takes over when that one has ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import server_lock
from core.errors import EngineError

ROOT = Path(__file__).parent.parent.parent
HOLD = """
import time
from core import server_lock
lock = server_lock.take("port 8501")
print("held", flush=True)
time.sleep(600)
"""


def test_the_second_server_is_told_who_has_the_home_folder(home):
    lock = server_lock.take("port 8501")
    with pytest.raises(EngineError, match=rf"port 8501, process {os.getpid()} of .*BACKBONE_LAB_HOME") as raised:
        server_lock.take()
    assert str(home) in str(raised.value)
    server_lock.release(lock)
    server_lock.release(server_lock.take())


def test_a_home_folder_is_free_when_its_server_was_killed(home):
    with subprocess.Popen([sys.executable, "-c", HOLD], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "held\n"
        with pytest.raises(EngineError, match=f"process {server.pid}"):
            server_lock.take()
        server.send_signal(signal.SIGKILL)
    server_lock.release(server_lock.take())


@pytest.mark.parametrize("note", [None, "", "{}", "[1]"])
def test_a_lost_note_of_who_it_is_changes_nothing_else(home, note):
    lock = server_lock.take()
    path = home / server_lock.HOLDER
    path.unlink() if note is None else path.write_text(note)
    with pytest.raises(EngineError, match="Another server has the home folder"):
        server_lock.take()
    server_lock.release(lock)


def test_the_log_of_a_second_server_says_it_at_its_start(caplog):
    server_lock.warn()
    assert caplog.text == ""
    lock = server_lock.take("port 8501")
    server_lock.warn()
    assert "port 8501" in caplog.text
    server_lock.release(lock)


def test_on_a_disk_without_locks_a_server_starts_and_warns(home, monkeypatch, caplog):
    def refuse(*_args, **_options):
        raise NotImplementedError("no flock here")

    monkeypatch.setattr(server_lock.FileLock, "acquire", refuse)
    assert server_lock.take() is None
    assert "no second server" in caplog.text
    server_lock.release(None)
