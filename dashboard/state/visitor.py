"""A visitor's choices: one dataclass of identifiers, mirrored in the address bar.

The address takes precedence over memory, so links and reloads restore their choices; memory fills in what the address
omits, so choices follow the visitor from page to page. Choices of a single page are bound there
(`bind="query-params"`).

A change made a moment ago takes precedence over an older address, which a polling browser still sends: otherwise the
step of a lesson would be undone.
"""

from dataclasses import dataclass, fields, replace
from time import monotonic

import streamlit as st

from core.backbones import RENAMED
from dashboard.state import address

_KEY = "state"
_CHANGED = "changed-in-the-state"
_FILLED = "filled-into-the-address"  # (page, address on arrival) -> choices
_PAGE = "page-of-the-state"
_LINKED = "choices-of-the-address"


@dataclass(frozen=True)
class State:
    """Identifiers of what the visitor looks at; everything else is read from the stores."""

    dataset: str = "cifar10-sample"
    backbones: tuple[str, ...] = ("EfficientNetLite0",)
    run: str = ""  # the run that is shown
    projector: bool = False  # larger type, strokes and points
    lesson: str = ""  # the lesson shown at the top of every page
    step: str = ""  # of the lesson, from 1
    importing: str = ""  # the import that this visitor started


def begin() -> None:
    """Merge the address bar into the remembered choices; app.py calls it first in every script run.

    After Back and Forward the address alone counts. When it is one that this session filled in on arriving at a page,
    it means what was filled in.
    """
    address.rename(("backbone", "backbones", "clip", "with"), RENAMED)
    page, came = address.begin(), str(st.query_params.to_dict())
    st.session_state[_LINKED] = {field.name for field in fields(State)} & set(st.query_params)
    filled, arrived = st.session_state.setdefault(_FILLED, {}), st.session_state.get(_PAGE, "") not in ("", page)
    st.session_state[_PAGE] = page
    if address.by_history():
        st.session_state.pop(_CHANGED, None)
        _keep(replace(filled.get((page, came), State()), **_from_address()))
    else:
        _keep(replace(get(), **_from_address()))
        if arrived:
            filled[page, came] = get()


def get() -> State:
    """The choices of this visitor."""
    return st.session_state.get(_KEY, State())


def linked(name: str) -> bool:
    """Whether the address of this script run came with this choice, rather than memory filling it in."""
    return name in st.session_state.get(_LINKED, ())


def update(**changes) -> None:
    """Change some choices, here and in the address bar."""
    before = get()
    noted = {name: (getattr(before, name), monotonic()) for name in changes if getattr(before, name) != changes[name]}
    st.session_state[_CHANGED] = st.session_state.get(_CHANGED, {}) | noted
    _keep(replace(before, **changes))


def count_alone() -> None:
    """`address.count_alone`, also where this session has filled in the same address before."""
    st.session_state.pop(_FILLED, None)
    address.count_alone()


def _from_address() -> dict:
    choices = {}
    for field in fields(State):
        if field.name in st.query_params:
            texts = st.query_params.get_all(field.name)
            kind = type(field.default)
            if kind is bool and texts[-1] != "on":
                address.note(field.name, field.name.capitalize(), texts[-1])
            value = tuple(texts) if kind is tuple else texts[-1] == "on" if kind is bool else texts[-1]
            if not _is_stale(field.name, value):
                choices[field.name] = value
    return choices


def _is_stale(name: str, value) -> bool:
    """Whether the address still has the value from before a change a moment ago."""
    before, when = st.session_state.get(_CHANGED, {}).get(name, (None, 0.0))
    return value == before and monotonic() - when < address.LAG


def _keep(state: State) -> None:
    st.session_state[_KEY] = state
    for field in fields(State):
        value = getattr(state, field.name)
        if value != field.default:
            st.query_params[field.name] = "on" if value is True else value
        elif field.name in st.query_params:
            del st.query_params[field.name]
