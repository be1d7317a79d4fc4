"""A home folder that cannot be used is said in one sentence."""

import os

import pytest

from core import settings
from core.cli.commands import main
from core.errors import ConfigError


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
        (settings.cache_budget() if "CACHE" in variable else settings.disk_reserve())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a#1", "b*c", "d e", "ü & +;"])
def test_other_characters_in_its_path_are_fine(tmp_path, monkeypatch, name):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path / name))
    assert main(["runs"]) == 0
    assert (tmp_path / name / "runs" / "mlflow.db").is_file()
