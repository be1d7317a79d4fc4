"""Backbone Lab in the terminal: `python -m core COMMAND`.

Results go to standard output, one JSON value with `--json`; progress and errors go to standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

import _thread
import contextlib
import io
import json
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import keras_defaults, people, settings, storage
from core.cli import bench, caches, challenges, doctor, export, home, images, listings, maps, runs
from core.errors import LabError

AGAIN = 0.02  # seconds until a Ctrl-C that Python dropped comes again


def run(arguments: list[str] | None = None) -> int:
    """`main` of a process that then ends: a Ctrl-C while Python waits for its threads is no traceback."""
    code = main(arguments)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names that the terminal's encoding lacks
    parsed = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    lecturer = people.acting_as(people.LECTURER)  # whoever has a terminal has the files themselves
    try:
        with lecturer, _every_interrupt(), contextlib.redirect_stdout(sys.stderr):  # libraries' output is no result
            settings.check()
            keras_defaults.backend()  # raises for one that is unknown
            result, text = parsed.command(parsed)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    except Exception as error:
        if not (sentence := _of_machine(error)):
            raise
        print(f"error: {sentence}", file=sys.stderr)
        return 1
    return _written(json.dumps(result, default=str) if parsed.json else text)


def _of_machine(error: Exception) -> str:
    """What the disk or the memory that an error comes from lacks, in a sentence; empty if it comes from elsewhere."""
    if isinstance(error, MemoryError):
        return f"There is too little memory ({error or 'none is left'}). Choose fewer images, or smaller ones."
    if storage.is_full(error):
        return f"The disk is full ({error}). Make room on it, and try again."
    if storage.is_away(error):
        return f"A file could not be read or written ({error}). {storage.WAIT}."
    return ""


def _written(text: str) -> int:
    """Write a result to standard output; returns the exit code."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes again when it ends
        if not isinstance(error, BrokenPipeError):  # whoever reads it, such as `head`, has enough
            print(f"error: The result cannot be written ({error.strerror})", file=sys.stderr)
            return 1
    return 0


@contextlib.contextmanager
def _every_interrupt() -> Iterator[None]:
    """Press Ctrl-C again if it came while an object was deleted: Python would show a traceback and go on."""
    usual = sys.unraisablehook

    def again(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            threading.Timer(AGAIN, _interrupt_main).start()
        else:
            usual(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = usual


def _interrupt_main() -> None:
    """Interrupt the main thread as Ctrl-C does, also while it waits, if the system can."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def parser() -> ArgumentParser:
    """Every command with its options; a test compares the README's table with it."""
    prog = "backbone-lab" if Path(sys.argv[0]).stem == "backbone-lab" else "python -m core"
    top = ArgumentParser(prog=prog, description="Transfer learning with pretrained backbones.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for module in (runs, export, maps, images, challenges, listings, caches, home, doctor, bench):
        module.add(commands)
    return top
