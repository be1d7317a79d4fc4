"""Equal values keep their order: what NumPy and pandas do with them otherwise depends on the processor."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")])


@pytest.mark.slow
def test_every_order_is_stable():
    unstable = {str(path.relative_to(ROOT)): _unstable(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {path: calls for path, calls in unstable.items() if calls} == {}


@pytest.mark.parametrize(
    "code",
    [
        "np.argsort(-areas)",
        "areas.argsort()",
        "table.sort_values('seconds')",
        "table.sort_values(by='seconds', kind='quicksort')",
        "np.argsort(areas, kind=kind)",
    ],
)
def test_every_unstable_order_is_found(code: str):
    assert _unstable(code)


@pytest.mark.parametrize("code", ["np.argsort(areas, kind='stable')", "np.sort(rows)", "sorted(rows)", "rows.sort()"])
def test_stable_orders_are_free(code: str):
    assert not _unstable(code)


def _unstable(code: str) -> list[str]:
    """The calls that put equal values in any order."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [
        ast.unparse(call)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("argsort", "sort_values")
        and not any(keyword.arg == "kind" and ast.unparse(keyword.value) == "'stable'" for keyword in call.keywords)
    ]
