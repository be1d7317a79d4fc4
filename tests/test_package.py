"""The package that pip and uvx install: all that the dashboard reads is in it, and it opens from any folder."""

import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import psutil
import pytest
import yaml

from core.cli import launch

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LEFT_OUT = (".git", ".venv*", "build", "*.egg-info", "__pycache__", ".*_cache", "tests", "docs")
SCRIPTS = "make_"  # of assets: how they were made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, since setuptools writes beside its sources."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(*LEFT_OUT))
    _pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source"))
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_module_page_and_asset_in_one_package(wheel: Path):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    read = [
        path
        for folder in ("core", "dashboard", "pages", "assets")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(SCRIPTS)
    ]
    assert packed == {f"backbone_lab/{path.relative_to(ROOT).as_posix()}" for path in read}


@pytest.mark.slow
def test_the_installed_command_opens_the_dashboard_from_another_folder(wheel: Path, tmp_path: Path):
    _pip("install", "--target", str(tmp_path / "installed"), str(wheel))
    (tmp_path / "elsewhere").mkdir()
    _config_of_another_folder(tmp_path / "elsewhere", "[server]\naddress = '0.0.0.0'\n")
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "installed"),
        "BACKBONE_LAB_HOME": str(tmp_path / "home"),
    }
    command = [sys.executable, str(tmp_path / "installed" / "bin" / "backbone-lab")]
    assert _listens(command, environment, tmp_path / "elsewhere") <= {"127.0.0.1", "::1"}


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_setup_installs_the_same_pins_by_pip_and_by_uv_where_there_is_one(tmp_path: Path):
    for name in ("make", "sh", "python3", "grep", "env"):
        (tmp_path / name).symlink_to(shutil.which(name) or sys.executable)
    by_pip = _installs(tmp_path)
    uv = tmp_path / "uv"
    uv.touch(mode=0o755)
    by_uv = _installs(tmp_path)
    assert "-m pip install" in by_pip and str(uv) not in by_pip
    assert f'"{uv}" pip install --python .venv/bin/python' in by_uv
    pins = "--constraint constraints.txt --requirement requirements.txt"
    assert by_pip.endswith(pins) and by_uv.endswith(pins)


@pytest.mark.slow
@pytest.mark.parametrize("other", ["", "[server]\naddress = '0.0.0.0'\n", "[server\n"], ids=["none", "open", "damaged"])
def test_the_server_is_for_its_own_machine_whatever_folder_it_is_started_from(tmp_path: Path, other: str):
    _config_of_another_folder(tmp_path, other)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")]
    assert _listens(command, os.environ | {"BACKBONE_LAB_HOME": str(tmp_path / "home")}, tmp_path) <= {
        "127.0.0.1",
        "::1",
    }


def test_the_entry_point_is_the_module_that_launches():
    module, _, function = PROJECT["scripts"]["backbone-lab"].partition(":")
    path = ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")
    assert path == Path(launch.__file__)
    assert callable(getattr(launch, function))


def test_the_citation_is_of_this_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert citation["authors"] == PROJECT["authors"]


def _pip(command: str, *arguments: str) -> None:
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", command, *options, *arguments], check=True)


def _config_of_another_folder(folder: Path, text: str) -> None:
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text(text)


def _listens(command: list[str], environment: dict[str, str], folder: Path) -> set[str]:
    """The addresses on which a server that is started from this folder listens, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen([*command, *options], cwd=folder, env=environment)
    family = psutil.Process(process.pid)
    try:
        assert _answer(f"http://localhost:{port}/_stcore/health", process) == b"ok"
        return {each.laddr.ip for each in family.net_connections() if each.status == psutil.CONN_LISTEN}
    finally:
        for member in [*family.children(recursive=True), family]:
            member.kill()
        process.wait()


def _answer(url: str, process: subprocess.Popen) -> bytes:
    """What an address answers, once the server is there."""
    while process.poll() is None:
        try:
            return urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            time.sleep(0.1)
    return b"the server ended"


def _installs(path: Path) -> str:
    """The command by which `make setup` installs packages, with these programs on the path."""
    command = [path / "make", "--dry-run", "--always-make", "--directory", ROOT, "setup", "PYTHON=python3"]
    said = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, check=True).stdout
    return next(line for line in said.splitlines() if "requirements.txt" in line)
