"""Numbers and lists that are in the address bar under the name of what they set, and remembered for each scope apart.

`loop` of a fine-tune and of a probe are two memories and one name: the address means the one that is shown.

A browser sends its address along with each click. Of two quick clicks the second is sent with an address that has not
heard of the first: `said` reads past it.
"""

from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import TypeVar

import streamlit as st

HEARD = 2.0  # seconds in which a browser may still send the address from before a click
_CHANGED = "changed-in-the-address"

Number = TypeVar("Number", int, float)


def number(
    widget: Callable, name: str, label: str, *, default: Number, least: float, most: float, scope: str = "", **options
) -> Number:
    """A widget over a number, `st.number_input` or `st.slider`; `default` is not written into the address."""
    kind, key = type(default), _key(name, scope)
    asked = _read(name, kind)
    value = asked if asked is not None else st.session_state.get(key, default)
    value = default if value < least else value  # 0 in a link stands for the default
    st.session_state[key] = kind(min(max(value, kind(least)), kind(most)))
    _write(name, st.session_state[key], default)

    def keep() -> None:
        if key in st.session_state:  # the visitor may have left the page
            _write(name, st.session_state[key], default)

    if kind is float:
        options = {"format": "%g"} | options
    return widget(label, kind(least), kind(most), key=key, on_change=keep, **options)


def several(
    name: str,
    label: str,
    titles: dict[str, str],
    *,
    widget: Callable = st.pills,
    default: Sequence[str] = (),
    **options,
) -> str:
    """A widget of which any number is chosen; returns their names joined by +, in the order of the titles.

    Args:
        widget: `st.pills` or `st.multiselect`.
        default: What is chosen at first, and not written into the address.
    """
    asked, usual = said(name), _joined(default, titles)
    if asked is not None:
        st.session_state[name] = [each for each in titles if each in asked.split("+")]
    elif name not in st.session_state:  # given to the widget, so that a click in its first moment finds it chosen
        options = {"default": list(default)} | options

    def keep() -> None:
        if name in st.session_state:  # the visitor may have left the page
            _write(name, _joined(st.session_state[name], titles), usual)

    if widget is st.pills:
        options = {"selection_mode": "multi"} | options
    chosen = widget(label, list(titles), format_func=titles.get, key=name, on_change=keep, **options)
    return _joined(chosen or [], titles)


def said(name: str) -> str | None:
    """What the address says, or what a click of a moment ago has made of it."""
    asked, changed = st.query_params.get(name), st.session_state.get(_CHANGED, {})
    if name in changed:
        before, after, when = changed[name]
        if asked == before and monotonic() - when < HEARD:
            _set(name, after)
            return after
    return asked


def write(name: str, value: str | None) -> None:
    """Change what the address says, from a callback; None: nothing, which is the default."""
    if st.query_params.get(name) != value:
        note(name, value)
        _set(name, value)


def note(name: str, value: str | None) -> None:
    """That the address is about to say this, as by a switch to another page: see `said`."""
    before = st.query_params.get(name)
    if before != value:
        st.session_state.setdefault(_CHANGED, {})[name] = (before, value, monotonic())


def put(name: str, value) -> None:
    """Set a choice from a callback, whichever widget shows it."""
    _forget_widgets([name])
    write(name, str(value))


def forget(names: Collection[str]) -> None:
    """Let choices go back to their defaults, from a callback."""
    _forget_widgets(names)
    for name in names:
        write(name, None)


def _forget_widgets(names: Collection[str]) -> None:
    for key in [key for key in st.session_state if str(key).split(":")[-1] in names]:
        del st.session_state[key]


def _key(name: str, scope: str) -> str:
    return f"{scope}:{name}" if scope else name


def _joined(chosen: Collection[str], titles: dict[str, str]) -> str:
    return "+".join(each for each in titles if each in chosen)


def _read(name: str, kind: type) -> float | None:
    """What the address says; nothing where it is no number."""
    asked = said(name)
    try:
        return None if asked is None else kind(float(asked))
    except (ValueError, OverflowError):
        return None


def _write(name: str, value, default) -> None:
    write(name, None if value == default else str(value))


def _set(name: str, value: str | None) -> None:
    if value is not None:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
