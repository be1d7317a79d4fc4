"""The container: what its files name exists, is in the build, and is what the program needs."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SENT = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}


def test_every_file_that_is_copied_exists_and_is_sent():
    copied = [name for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M) for name in line.split()[:-1]]
    assert {"core", "dashboard", "pages", "assets", "requirements.txt"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists()
        assert any(Path(name).match(pattern) or pattern.startswith(f"{name}/") for pattern in SENT), name
    for folder in ("core", "dashboard", "pages", "assets"):
        assert (ROOT / folder).is_dir() and folder in copied


def test_it_runs_as_nobody_special_and_is_asked_whether_it_is_well():
    user = re.findall(r"^USER (\w+)$", DOCKERFILE, re.M)[-1]
    assert user != "root" and f"useradd --create-home --uid 1000 {user}" in DOCKERFILE
    assert "/_stcore/health" in re.search(r"^HEALTHCHECK (?:.*\\\n)*.*$", DOCKERFILE, re.M)[0]
    home = re.search(r"^VOLUME (\S+)$", DOCKERFILE, re.M)[1]
    assert home == f"/home/{user}/.backbone-lab"
    for service in COMPOSE["services"].values():
        assert [volume.partition(":")[2] for volume in service.get("volumes", [])] in ([], [home])


def test_each_service_is_built_from_requirements_that_exist():
    default = re.search(r"^ARG REQUIREMENTS=(\S+)$", DOCKERFILE, re.M)[1]
    named = {default, COMPOSE["services"]["lab-gpu"]["build"]["args"]["REQUIREMENTS"]}
    assert named == {"requirements.txt", "requirements-gpu.txt"}
    assert all((ROOT / name).is_file() for name in named)


def test_what_every_compose_command_needs_is_written_once_into_a_file():
    needed = re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text())
    commands = re.findall(r"^    (.*)$", (ROOT / "docs" / "deploy.md").read_text(), re.M)
    for name in needed:
        assert [line for line in commands if f"{name}=" in line] == [
            line for line in commands if re.match(rf"echo {name}=\S+ > \.env\b", line)
        ]
        assert any(line.startswith(f"echo {name}=") for line in commands)
