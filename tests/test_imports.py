"""Who may import whom: the order drawn in `core`, no interface in it, and nothing heavy in the dashboard's process."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).parent.parent
CORE = sorted([*(ROOT / "core").glob("[!_]*.py"), *(ROOT / "core").glob("[!_]*/*.py")])
MODULES = sorted({path.relative_to(ROOT / "core").parts[0].removesuffix(".py") for path in CORE})  # packages too
INTERFACE = sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
ORDER = ", ".join(re.findall(r"^ {4}([a-z_]+(?:, [a-z_]+)*) {2}", core.__doc__, re.M)).split(", ")
HEAVY = (
    "tensorflow",
    "keras",
    "keras_hub",
    "sklearn",
    "mlflow",
    "umap",
    "openTSNE",
    "numba",
    "tokenizers",
    "safetensors",
)


def test_every_core_module_is_drawn_once_in_the_flow():
    assert sorted(ORDER) == MODULES


@pytest.mark.parametrize("path", CORE, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_core_module_imports_only_modules_upstream_of_it(path: Path):
    module = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
    own = {name.split(".")[1] for name in _imports(path) if name.startswith("core.")}
    assert own - ({module} if path.parent.name == module else set()) <= set(ORDER[: ORDER.index(module)])


def test_the_terminal_is_the_last_of_the_line():
    inside = {name for path in CORE for name in _imports(path)}
    assert "core.__main__" not in inside


@pytest.mark.parametrize("path", CORE, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_core_knows_no_interface(path: Path):
    assert not {"streamlit", "plotly", "dashboard", "pages"} & _packages(path)


@pytest.mark.parametrize("path", INTERFACE, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_the_interface_leaves_tensorflow_to_the_worker(path: Path):
    assert not {"tensorflow", "keras"} & _packages(path)


def test_what_the_dashboard_imports_of_core_loads_nothing_heavy():
    modules = sorted({name for path in INTERFACE for name in _imports(path) if name.startswith("core.")})
    modules += ["core.datasets", "core.backbones", "core.metrics", "core.runs", "core.engine"]
    program = f"import sys, {', '.join(modules)}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def _imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, inside functions too; `from core import runs` is core.runs."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: write core.{node.module}"
            if node.module == "core":
                names |= {f"core.{alias.name}" for alias in node.names}
            else:
                names.add(node.module)
    return names


def _packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in _imports(path)}
