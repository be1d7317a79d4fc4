"""Any text for a choice in the address becomes a valid choice, or a sentence and the default; never a traceback.

`make test-bad-input` tries 5,000 addresses instead of 200.
"""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core import options
from core.config import RunConfig
from core.embeddings import Source
from core.maps import MapConfig
from dashboard.state import address

WITHIN = 120  # seconds for a page
EXTREME = [
    "",
    " ",
    "0",
    "-1",
    "9" * 30,
    "9" * 5000,
    "1e308",
    "5e-324",
    "-1e-308",
    "inf",
    "-inf",
    "nan",
    "1_0",
    "0x1",
    "٣",
    "²",
    "1e-7",
]
EXTREME += [
    "a" * 5000,
    "\0",
    "+",
    "++",
    "a+b",
    "on",
    "<b>",
    "`",
    "*a*",
    "../..",
    "%00",
    "\ud7ff\uffff",
    "true",
    "None",
    "[]",
]
TEXTS = st.sampled_from(EXTREME) | st.integers().map(str) | st.floats().map(str) | st.text()


def is_drawn(kind: type, name: str) -> bool:
    """Whether a field can have a widget with one choice, or a number."""
    field, default = options.of(kind)[name], options.defaults(kind)[name]
    if field.choices is not None:
        return isinstance(default, str) and default in field.choices
    return field.offered is not None or None not in (field.least, field.most)


FIELDS = {name: kind for kind in (RunConfig, Source, MapConfig) for name in options.of(kind) if is_drawn(kind, name)}


def choices_of_every_kind():
    import streamlit as st

    from dashboard.state import address, visitor
    from dashboard.ui import choices, image_grid
    from tests.dashboard.state.test_any_address import FIELDS

    visitor.begin()
    address.show_refused("page")
    made = {name: choices.option(kind, name) for name, kind in FIELDS.items()}
    titles = {"a": "A", "b": "B"}
    made["pills"] = address.several("pills", "Pills", titles)
    made["list"] = address.several("list", "List", titles, widget=st.multiselect, default=["a"])
    made["free"] = choices.titled(st.selectbox, "free", "Free", titles, accept_new_options=True)
    made["row"] = image_grid.selected()
    st.session_state["made"] = made


NAMES = [*FIELDS, "pills", "list", "free", "row"]


@pytest.fixture(scope="module")
def page() -> AppTest:
    return AppTest.from_function(choices_of_every_kind, default_timeout=WITHIN)


@pytest.mark.slow
def test_the_worst_texts_are_choices_or_sentences(page: AppTest):
    for text in EXTREME:
        follow(page, dict.fromkeys(NAMES, text))


@pytest.mark.slow
@settings(max_examples=int(os.environ.get("EXAMPLES", "200")), deadline=None, database=None)
@given(link=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, TEXTS)))
def test_any_address_is_a_choice_or_a_sentence(page: AppTest, link: dict[str, str]):
    follow(page, link)


def follow(page: AppTest, link: dict[str, str]) -> None:
    page.query_params.clear()
    page.query_params.update(link)
    page.run()
    assert not page.exception, (link, page.exception[0].stack_trace)
    made = page.session_state["made"]
    for name, kind in FIELDS.items():
        field = options.of(kind)[name]
        if field.choices is not None:
            assert made[name] in field.choices
        else:
            least, most = field.offered or (field.least, field.most)
            assert least <= made[name] <= most
    assert made["pills"] in ("", "a", "b", "a+b") and made["list"] in ("", "a", "b", "a+b")
    assert made["row"] is None or made["row"] >= 0
    said = " ".join(box.value for box in page.warning if box.proto.title == address.LEFT_OUT)
    for name in link:
        assert name in page.query_params or label_of(name) in said or is_default(name, made[name], link[name])


def label_of(name: str) -> str:
    return options.of(FIELDS[name])[name].label if name in FIELDS else {"row": "Image"}.get(name, name.capitalize())


def is_default(name: str, made: object, text: str) -> bool:
    """Whether a name left the address because the address means the default."""
    if name in FIELDS:
        return made == options.defaults(FIELDS[name])[name]
    return made in ("", "a", None) and not text.strip("+a")
