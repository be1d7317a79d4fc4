"""Has the browser load, while nobody waits, what the first chart and the first table of a visit need.

Streamlit 1.67 loads the scripts that draw them (5 MB) with the page that has one, which takes a browser two seconds.
"""

import functools
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
FILES = Path(st.__file__).parent / "static" / "static" / "js"  # as the browser gets them
NEEDED = ("PlotlyChart", "DataFrame")


def charts_and_tables() -> None:
    """Load the scripts of charts and tables once this page is drawn and the browser is idle."""
    with st.container(key="preload"):  # which takes no room
        component("preload", js=SCRIPT)(key="preload-scripts", data={"files": scripts()})


@functools.cache
def scripts() -> list[str]:
    """The names of the files, which change with every version of Streamlit."""
    return [file.name for name in NEEDED for file in FILES.glob(f"{name}.*.js")]
