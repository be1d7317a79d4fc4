"""Every choice of several begins with its first entry, and not with Streamlit's "Select all"."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]


def _widgets(tree: ast.AST) -> list[ast.Call]:
    """Calls of `st.multiselect`, and of functions to which it is given."""
    return [
        call
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and any(
            isinstance(part, ast.Attribute) and part.attr == "multiselect"
            for part in [call.func, *call.args, *(keyword.value for keyword in call.keywords)]
        )
    ]


def test_no_choice_of_several_offers_select_all():
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    calls = {(file.name, call.lineno): call for file in files for call in _widgets(ast.parse(file.read_text()))}
    assert len(calls) > 5
    offering = [
        place
        for place, call in calls.items()
        if not any(
            keyword.arg == "select_all" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            for keyword in call.keywords
        )
    ]
    assert not offering
