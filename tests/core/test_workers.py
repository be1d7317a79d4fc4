"""The folder in which a server starts, in which its worker looks for modules first."""

import os
import random
import socket
import subprocess
import sys

import pytest

from core import cluster, engine, workers
from core.errors import EngineError
from tests import modes

LOADED = (random.__name__, socket.__name__)


@pytest.mark.parametrize("name", LOADED)
@pytest.mark.parametrize("file", ["{}.py", "{}/__init__.py"])
@pytest.mark.parametrize("look", [cluster.check_workers, engine.Engine.start])
def test_a_file_that_hides_a_module_of_python_from_the_worker_is_named(home, tmp_path, monkeypatch, name, file, look):
    path = tmp_path / file.format(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("raise SystemExit('of another program')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError, match=rf"^{path} has the name of Python's module {name}.*Rename it"):
        look()


def test_files_of_other_names_hide_nothing(tmp_path, monkeypatch):
    for name in ("test", "app", "core", "sys"):  # tests of Python, which nobody imports; ours; one that is built in
        (tmp_path / f"{name}.py").touch()
    for name in ("os", "site", "codecs", "encodings"):  # which Python has before it looks here
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "random").mkdir()  # without modules
    monkeypatch.chdir(tmp_path)
    workers.check_start_folder()
    done = subprocess.run(
        [sys.executable, "-c", "import os, site, codecs, encodings; print(os.sep)"], capture_output=True
    )
    assert done.stdout.split() == [os.sep.encode()]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_start_folder_that_may_not_be_searched_is_no_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with modes.denied(tmp_path):
        workers.check_start_folder()
