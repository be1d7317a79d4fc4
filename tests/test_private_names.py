"""The private names of each library are used in few modules, whose tests fail when the library changes them."""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [path for folder in ("core", "dashboard", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]
USERS = {  # module -> its library, and the tests of what it uses
    "core/backbones/graph.py": ("keras", "tests/core/backbones/test_graph.py"),
    "core/backbones/clip/layers.py": ("keras_hub", "tests/core/backbones/clip/test_layers.py"),
    "core/maps/umap_layout.py": ("umap", "tests/core/maps/test_umap_layout.py"),
    "core/runs/connection.py": ("mlflow", "tests/core/runs/test_connection.py"),
    "dashboard/state/presses.py": ("streamlit", "tests/dashboard/state/test_presses.py"),
    "dashboard/state/streamlit_patch.py": ("streamlit", "tests/dashboard/state/test_streamlit_patch.py"),
    "dashboard/state/streamlit_private.py": (
        "streamlit",
        "tests/dashboard/state/test_address.py",
        "tests/dashboard/classroom/test_sign_in.py",
    ),
}
PUBLIC = {"_exit", "_replace"}  # of os and of named tuples, which document them
PRIVATE_MODULES = re.compile(r"^(keras|keras_hub)\.src\b|^umap\.|^distributed\.[a-z_.]*\b_|\._")


@pytest.mark.parametrize("library", sorted({library for library, *_ in USERS.values()} | {"distributed", "dask"}))
def test_private_names_of_a_library_are_used_where_they_are_watched(library: str):
    allowed = {module for module, (of, *_) in USERS.items() if of == library}
    users = {path.relative_to(ROOT).as_posix() for path in FILES if _private_imports(path, library)}
    assert users <= allowed


def test_private_attributes_of_others_are_used_where_they_are_watched():
    users = {path.relative_to(ROOT).as_posix(): names for path in FILES if (names := _private_attributes(path))}
    assert {path: names for path, names in users.items() if path not in USERS} == {}


@pytest.mark.parametrize("test", sorted(test for _, *tests in USERS.values() for test in tests))
def test_each_of_these_modules_has_a_test(test: str):
    assert (ROOT / test).is_file()


def _private_imports(path: Path, library: str) -> list[str]:
    return [name for name in _imports(path) if name.split(".")[0] == library and PRIVATE_MODULES.search(name)]


@functools.cache
def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _private_attributes(path: Path) -> set[str]:
    """The private attributes that a file reads or sets of objects other than its own."""
    attributes = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute)]
    private = {node.attr for node in attributes if re.match("_[a-z]", node.attr)} - PUBLIC
    own = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")}
    own |= {node.name for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return private - own


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
