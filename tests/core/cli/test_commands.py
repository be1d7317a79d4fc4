"""Every command: its result and nothing else on standard output, words otherwise, exit codes that scripts can trust."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import maps
from core.cli.commands import main, parser

ROOT = Path(__file__).parent.parent.parent.parent


def test_ctrl_c_while_an_object_is_deleted_stops_the_command_with_one_word(monkeypatch, capsys):
    class Deleted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)  # which Python shows as a traceback here, and goes on

    def work(parsed) -> None:
        Deleted()
        time.sleep(60)

    monkeypatch.setattr("core.cli.runs._runs", work)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
    try:
        assert main(["runs"]) == 1
    finally:
        signal.signal(signal.SIGINT, handler)
    assert capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize(
    "begin", ["runpy.run_module('core', run_name='__main__')", "from core.cli import launch; launch.main()"]
)
def test_ctrl_c_while_a_command_is_imported_is_one_word(tmp_path, begin):
    (tmp_path / "pandas.py").write_text("raise KeyboardInterrupt")
    program = f"import runpy, sys; sys.argv[1:] = ['runs']; {begin}"
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "stopped\n")


@pytest.mark.slow
def test_ctrl_c_pressed_twice_is_no_traceback():
    program = """
import runpy, sys, threading, time
from core.cli import runs

def linger():
    threading.main_thread().join()
    print("waiting", file=sys.stderr, flush=True)
    time.sleep(60)

def work(parsed):
    threading.Thread(target=linger).start()
    raise KeyboardInterrupt

runs._runs, sys.argv[1:] = work, ["runs"]
runpy.run_module("core", run_name="__main__")
"""
    command = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert [command.stderr.readline() for _ in range(2)] == ["stopped\n", "waiting\n"]
    command.send_signal(signal.SIGINT)
    assert command.communicate(timeout=50)[1] == ""


def test_a_reader_that_has_enough_ends_a_command_without_a_word(monkeypatch, capsys):
    reading, writing = os.pipe()
    os.close(reading)  # as by `head`
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["backbones"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file that is always full")
def test_a_result_that_cannot_be_written_is_said(monkeypatch, capsys):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["backbones"]) == 1
    assert capsys.readouterr().err == "error: The result cannot be written (No space left on device)\n"


def test_a_failure_is_one_sentence_and_exit_code_1(store, capsys):
    assert main(["run", "--dataset", "nothing"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing" in printed.err
    assert "Traceback" not in printed.err


def test_wrong_usage_is_exit_code_2(capsys):
    for arguments in ([], ["run", "--method", "magic"], ["run", "--n-train", "many"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


def test_every_option_has_words():
    for command in parser()._subparsers._group_actions[0].choices.values():
        assert command.description
        assert all(action.help for action in command._actions)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "error: The disk is full"),
        (OSError(107, "Transport endpoint is not connected"), "Try again when its disk or share can be used"),
        (MemoryError("Unable to allocate 9 TiB"), "error: There is too little memory (Unable to allocate 9 TiB)"),
    ],
)
def test_a_disk_that_is_full_or_away_and_too_little_memory_are_one_sentence_each(monkeypatch, capsys, error, sentence):
    def fails(*_):
        raise error

    monkeypatch.setattr(maps, "compute", fails)
    assert main(["map"]) == 1
    assert sentence in (printed := capsys.readouterr().err)
    assert "Traceback" not in printed
