"""What is kept by arguments is bounded: visitors choose them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BOUNDS = {"cache_data": "max_entries", "cache_resource": "max_entries", "lru_cache": "maxsize", "cache": "none"}
FEW = {  # arguments that no visitor chooses: the run store, the catalog, our own files
    "core/backbones/clip/loader.py:download_bytes",
    "core/runs/connection.py:connect",
    "core/runs/store.py:_index_of",
    "core/zero_shot/prompts.py:of_set",
    "dashboard/classroom/join.py:_template",
    "dashboard/ui/camera.py:_read",
}


def _caches() -> Iterator[tuple[str, ast.expr]]:
    """Each function with arguments whose results are kept, as path:name, and the decorator that keeps them."""
    for path in sorted(each for package in ("core", "dashboard", "pages") for each in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (node.args.args or node.args.kwonlyargs or node.args.vararg):
                for decorator in node.decorator_list:
                    if _name(decorator) in BOUNDS:
                        yield f"{path.relative_to(ROOT).as_posix()}:{node.name}", decorator


def _name(decorator: ast.expr) -> str:
    """`cache_data` of `st.cache_data(ttl=2)`."""
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator).rpartition(".")[2]


def _is_bounded(decorator: ast.expr) -> bool:
    given = {keyword.arg for keyword in decorator.keywords} if isinstance(decorator, ast.Call) else set()
    return BOUNDS[_name(decorator)] in given


@pytest.mark.parametrize(("place", "decorator"), [pytest.param(*each, id=each[0]) for each in _caches()])
def test_what_is_kept_by_arguments_is_bounded(place: str, decorator: ast.expr) -> None:
    assert _is_bounded(decorator) != (place in FEW)
