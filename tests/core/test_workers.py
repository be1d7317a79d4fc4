"""The folder in which a server starts, in which its worker looks for modules first."""

import random
import socket

import pytest

from core import engine, workers
from core.errors import EngineError

LOADED = (random.__name__, socket.__name__)


@pytest.mark.parametrize("name", LOADED)
@pytest.mark.parametrize("file", ["{}.py", "{}/__init__.py"])
@pytest.mark.parametrize("look", [engine.check_workers, engine.Engine.start])
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
    (tmp_path / "random").mkdir()  # without modules
    monkeypatch.chdir(tmp_path)
    workers.check_start_folder()
