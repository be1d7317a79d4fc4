"""Who may import whom: the order drawn in `core`, no interface in it, and nothing heavy in the dashboard's process."""

import ast
import functools
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core
import dashboard

ROOT = Path(__file__).parent.parent
CORE = sorted(path for path in (ROOT / "core").rglob("*.py") if path.parent != ROOT / "core" or path.stem[0] != "_")
INTERFACE = sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
CORE_ORDER = re.findall(r"[a-z_]+", " ".join(re.findall(r"^ {4}([a-z_]+(?:, [a-z_]+)*)(?: {2}|$)", core.__doc__, re.M)))
SHARED = ("state", "server", "ui", "map_view")  # folders of the dashboard that belong to no page, in order
FRAME = ("shell", "app", "middleware", "page_times")
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


def test_every_part_of_core_is_drawn_once_in_the_flow():
    assert sorted(CORE_ORDER) == sorted({_part(path) for path in CORE})


def test_a_package_that_lists_its_modules_lists_all_of_them():
    for package in (ROOT / "core").glob("*/**/__init__.py"):
        text = ast.get_docstring(ast.parse(package.read_text(encoding="utf-8"))) or ""
        listed = re.findall(r"^(\w+) {2,}\S", text, re.M)
        modules = [path.stem for path in package.parent.glob("*.py") if path != package]
        folders = [path.parent.name for path in package.parent.glob("*/__init__.py")]
        assert sorted(listed) in ([], sorted(modules + folders)), package


def test_core_imports_only_what_is_upstream_of_it():
    for path in CORE:
        part = _part(path)
        beyond = {name.split(".")[1] for name in _own(path)} - {part, *CORE_ORDER[: CORE_ORDER.index(part)]}
        assert not beyond, f"{_module(path)} imports {beyond}"


def test_the_folders_of_the_dashboard_import_one_way():
    pages = [path.stem for path in (ROOT / "pages").glob("*.py")]
    inside = [path for path in INTERFACE if ROOT / "dashboard" in path.parents]
    edges = {(_part(path), name.split(".")[1]) for path in inside for name in _own(path) if name[:4] == "dash"}
    across = {(part, other) for part, other in edges if part != other}
    rank = {name: position for position, name in enumerate(SHARED)}
    for part, other in across:
        assert other not in FRAME or part in FRAME, f"{part} imports the frame, {other}"
        if part in rank:
            assert other in rank and rank[other] < rank[part], f"{part} imports {other}, which comes after it"
    assert not _cycle({part: {b for a, b in across if a == part} for part, _ in across})
    folders = {path.name for path in (ROOT / "dashboard").iterdir() if (path / "__init__.py").exists()}
    assert folders - set(SHARED) <= set(pages), "a folder of the dashboard that is named after no page"
    assert all(name in dashboard.__doc__ for name in SHARED)


def test_no_module_imports_itself_by_way_of_others():
    files = {_module(path): path for path in [*CORE, *INTERFACE]}
    assert not _cycle(
        {name: {other for other in _own(path) if other in files} - {name} for name, path in files.items()}
    )


def test_nothing_in_dashboard_shadows_a_module_that_somebody_imports():
    """`streamlit run dashboard/app.py` puts the folder `dashboard` on the path, before the packages."""
    names = {path.stem for path in (ROOT / "dashboard").iterdir() if path.suffix in ("", ".py")} - {"__init__"}
    names = {name for name in names if name.isidentifier() and not name.startswith("__")}
    found = {name: importlib.util.find_spec(name) for name in names}
    assert {name: spec.origin for name, spec in found.items() if spec} == {}
    assert not names & sys.stdlib_module_names


def test_core_knows_no_interface():
    assert not _importing(CORE, "streamlit", "plotly", "dashboard", "pages")


def test_the_interface_leaves_tensorflow_to_the_worker():
    assert not _importing(INTERFACE, "tensorflow", "keras")


@pytest.mark.slow
def test_what_the_dashboard_imports_of_core_loads_nothing_heavy():
    modules = sorted({name for path in INTERFACE for name in _own(path) if name.startswith("core.")})
    modules += ["core.data.datasets", "core.backbones", "core.metrics", "core.runs", "core.engine"]
    program = f"import sys, {', '.join(modules)}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.slow
def test_the_routes_of_the_server_load_no_page_of_it():
    """They are loaded before Streamlit runs: what is cached there would warn, and delay the first page."""
    modules = "dashboard.map_view.routes, dashboard.run.takeout"
    program = f"import sys, {modules}; print(*sorted(n for n in sys.modules if n[:10] == 'dashboard.'))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    packages = ["dashboard.map_view", "dashboard.run", "dashboard.state"]
    assert done.stdout.split() == sorted([*packages, *modules.split(", "), "dashboard.state.prefix"])


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _part(path: Path) -> str:
    """The package or root module of core or dashboard that a file belongs to: core/maps/pca.py -> maps."""
    return path.relative_to(ROOT).parts[1].removesuffix(".py")


def _own(path: Path) -> set[str]:
    """Modules of this project that a file imports: `from core.maps import pca` is core.maps.pca."""
    return {name for name in _imports(path) if name.split(".")[0] in ("core", "dashboard") and "." in name}


@functools.cache
def _imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: write core.{node.module}"
            inside = {alias.name for alias in node.names if _is_module(f"{node.module}.{alias.name}")}
            names |= {f"{node.module}.{name}" for name in inside}
            if len(inside) < len(node.names):
                names.add(node.module)
    return names


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _importing(paths: list[Path], *packages: str) -> list[str]:
    """Those of these modules that import one of the packages."""
    return [_module(path) for path in paths if {name.split(".")[0] for name in _imports(path)} & {*packages}]


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """Names that lie on a cycle of a graph (name -> what it imports); empty without one."""
    left = {name: set(others) for name, others in graph.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)
