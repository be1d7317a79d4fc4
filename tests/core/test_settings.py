"""A home folder that cannot be used is said in one sentence."""

import io
import os
import runpy
import sys
from pathlib import Path

import pytest

from core import settings
from core.cli.commands import main
from core.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command", [["doctor"], ["runs"], ["datasets"], ["cache"], ["run"]], ids=lambda command: command[0]
)
def test_every_command_says_that_its_home_cannot_be_written(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path / "file" / "lab"))
    assert main(command) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith("error: The home folder") and "BACKBONE_LAB_HOME" in line


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path))
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        settings.folder("runs")


@pytest.mark.parametrize("name", ["what?now", "100%41"])
def test_characters_that_lead_elsewhere_are_refused_before_anything_is_made(tmp_path, monkeypatch, name):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path / name))
    with pytest.raises(ConfigError, match=r"has a [?%] in its path"):
        settings.tracking_uri()
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("variable", ["BACKBONE_LAB_CACHE_GB", "BACKBONE_LAB_RESERVE_GB"])
@pytest.mark.parametrize("value", ["inf", "nan", "-1", "much", "1e300"])
def test_a_size_that_is_none_is_refused_by_its_name(variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=f"{variable} is '{value}'"):
        settings.check()


@pytest.mark.parametrize("variable", ["BACKBONE_LAB_MODE", "BACKBONE_LAB_SERVER_PATHS"])
def test_a_server_with_an_unknown_setting_ends_with_one_sentence(variable, monkeypatch):
    monkeypatch.setenv(variable, "everybody")
    with pytest.raises(SystemExit, match=f"^error: {variable} is 'everybody'. Expected one of"):
        runpy.run_path(str(ROOT / "dashboard" / "app.py"), run_name="app")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a#1", "b*c", "d e", "ü & +;"])
def test_other_characters_in_its_path_are_fine(tmp_path, monkeypatch, name):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path / name))
    assert main(["runs"]) == 0
    assert (tmp_path / name / "runs" / "mlflow.db").is_file()


def test_the_current_folder_may_be_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKBONE_LAB_HOME", ".")
    assert settings.home() == tmp_path.resolve()


@pytest.mark.skipif(os.name == "nt", reason="Windows asks no list of users")
def test_where_nothing_says_what_the_tilde_stands_for_the_home_folder_has_to_be_named(tmp_path, monkeypatch):
    import pwd

    def unknown(number: int):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for variable in ("HOME", "KERAS_HOME", "BACKBONE_LAB_HOME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=r"does not say what ~ stands for.*Set BACKBONE_LAB_HOME"):
        settings.home()
    monkeypatch.setenv("BACKBONE_LAB_HOME", "~nobody-of-this-name/lab")
    with pytest.raises(ConfigError, match="does not say what ~nobody-of-this-name stands for"):
        settings.home()
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path))
    assert settings.folder("runs") == tmp_path / "runs"
    assert not settings.keras_home().exists()
    assert main(["datasets", "import", "~nobody-of-this-name/photos"]) == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_names_that_the_terminal_cannot_write_are_written_as_escapes(encoding, monkeypatch):
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, io.TextIOWrapper(io.BytesIO(), encoding))
    assert main(["datasets", "delete", "ねこ"]) == 1
    sys.stderr.flush()
    assert rb"'\u306d\u3053'" in sys.stderr.buffer.getvalue()
