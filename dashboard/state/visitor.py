"""What a visitor has chosen: identifiers only, one dataclass, mirrored in the address bar.

The address wins over memory, so a link or a reload brings its choices; memory fills what the address leaves out, so
choices follow the visitor from page to page. Choices of one page only are bound there (`bind="query-params"`).

What was changed a moment ago wins over an address from before: a browser that polls meanwhile still sends that one, and
the step of a lesson would be taken back.
"""

from dataclasses import dataclass, fields, replace
from time import monotonic

import streamlit as st

from dashboard.state import address

_KEY = "state"
_CHANGED = "changed-in-the-state"


@dataclass(frozen=True)
class State:
    """Identifiers of what is looked at; everything else is read from the stores."""

    dataset: str = "cifar10-sample"
    backbones: tuple[str, ...] = ("EfficientNetLite0",)
    run: str = ""  # the run that is followed or examined
    projector: bool = False  # larger type, strokes and points
    lesson: str = ""  # the lesson that is followed, over every page
    step: str = ""  # of it, from 1


def begin() -> None:
    """Join the address bar and the memory of this visit; app.py calls it first in every script run."""
    _keep(replace(get(), **_from_address()))


def get() -> State:
    """The choices of this visitor."""
    return st.session_state.get(_KEY, State())


def update(**changes) -> None:
    """Change some choices, here and in the address bar."""
    before = get()
    noted = {name: (getattr(before, name), monotonic()) for name in changes if getattr(before, name) != changes[name]}
    st.session_state[_CHANGED] = st.session_state.get(_CHANGED, {}) | noted
    _keep(replace(before, **changes))


def _from_address() -> dict:
    found = {}
    for field in fields(State):
        if field.name in st.query_params:
            texts = st.query_params.get_all(field.name)
            kind = type(field.default)
            value = tuple(texts) if kind is tuple else texts[-1] == "on" if kind is bool else texts[-1]
            if not _is_stale(field.name, value):
                found[field.name] = value
    return found


def _is_stale(name: str, value) -> bool:
    """Whether an address says what a choice was before it was changed, a moment ago."""
    before, when = st.session_state.get(_CHANGED, {}).get(name, (None, 0.0))
    return value == before and monotonic() - when < address.HEARD


def _keep(state: State) -> None:
    st.session_state[_KEY] = state
    for field in fields(State):
        value = getattr(state, field.name)
        if value != field.default:
            st.query_params[field.name] = "on" if value is True else value
        elif field.name in st.query_params:
            del st.query_params[field.name]
