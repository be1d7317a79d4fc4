"""Pieces that several pages draw."""

import ast
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[3]


def test_what_is_pressed_is_not_lost_to_a_fragment_that_finds_the_page_out_of_date():
    def draw() -> None:
        import streamlit as st

        from dashboard.ui import components

        st.fragment(components.redraw, run_every=1.0)()
        if st.button("Start"):
            st.markdown("Started")

    page = AppTest.from_function(draw).run()
    page.button[0].click().run()
    assert [shown.value for shown in page.markdown] == ["Started"]


def test_no_function_that_a_timer_calls_reruns_the_page_itself():
    timed, rerunning = set(), set()
    for path in (*ROOT.glob("pages/*.py"), *ROOT.glob("dashboard/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                if any("run_every=" in ast.unparse(decorator) for decorator in node.decorator_list):
                    timed.add((path, node.name))
                if "st.rerun()" in ast.unparse(node):
                    rerunning.add((path, node.name))
            elif isinstance(node, ast.Call) and any(keyword.arg == "run_every" for keyword in node.keywords):
                timed |= {(path, ast.unparse(function)) for function in node.args}
    assert len(timed) > 30
    assert not timed & rerunning
