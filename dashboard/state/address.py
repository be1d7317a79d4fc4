"""Widgets whose numbers and lists are kept in the address bar, and remembered separately for each scope.

`epochs` of a fine-tune and of a probe share one name in the address but are remembered separately; the address means
the one that is shown.

A browser sends its address with each click. The second of two quick clicks is sent with the address from before the
first; `current` returns the newer value.
"""

from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import TypeVar

import streamlit as st

LAG = 2.0  # seconds in which a browser may still send the address from before a click
_CHANGED = "changed-in-the-address"

Number = TypeVar("Number", int, float)


def number(
    widget: Callable, name: str, label: str, *, default: Number, least: float, most: float, scope: str = "", **options
) -> Number:
    """A number from `st.number_input` or `st.slider`; the default is not written into the address."""
    kind, key = type(default), _key(name, scope)
    addressed = _read(name, kind)
    value = addressed if addressed is not None else st.session_state.get(key, default)
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
    """A widget with several choices; returns the chosen names joined by +, in the order of the titles.

    Args:
        widget: `st.pills` or `st.multiselect`.
        default: The initial choice, which is not written into the address.
    """
    addressed, usual = current(name), _joined(default, titles)
    if addressed is not None:
        st.session_state[name] = [option for option in titles if option in addressed.split("+")]
    elif name not in st.session_state:  # as the widget's own default, so that a click right away starts from it
        options = {"default": list(default)} | options

    def keep() -> None:
        if name in st.session_state:  # the visitor may have left the page
            _write(name, _joined(st.session_state[name], titles), usual)

    if widget is st.pills:
        options = {"selection_mode": "multi"} | options
    chosen = widget(label, list(titles), format_func=titles.get, key=name, on_change=keep, **options)
    return _joined(chosen or [], titles)


def current(name: str) -> str | None:
    """The value in the address, or the one that a click a moment ago replaced it with; None if there is none."""
    addressed, changed = st.query_params.get(name), st.session_state.get(_CHANGED, {})
    if name in changed:
        before, after, when = changed[name]
        if addressed == before and monotonic() - when < LAG:
            _set(name, after)
            return after
    return addressed


def write(name: str, value: str | None) -> None:
    """Change the address, from a callback; None removes the name, which means the default."""
    if st.query_params.get(name) != value:
        announce(name, value)
        _set(name, value)


def announce(name: str, value: str | None) -> None:
    """Record that the address is about to change, for instance by a switch to another page: see `current`."""
    before = st.query_params.get(name)
    if before != value:
        st.session_state.setdefault(_CHANGED, {})[name] = (before, value, monotonic())


def put(name: str, value) -> None:
    """Set a choice from a callback, for any widget of this name."""
    _forget_widgets([name])
    write(name, str(value))


def forget(names: Collection[str]) -> None:
    """Reset choices to their defaults, from a callback."""
    _forget_widgets(names)
    for name in names:
        write(name, None)


def _forget_widgets(names: Collection[str]) -> None:
    for key in [key for key in st.session_state if str(key).split(":")[-1] in names]:
        del st.session_state[key]


def _key(name: str, scope: str) -> str:
    return f"{scope}:{name}" if scope else name


def _joined(chosen: Collection[str], titles: dict[str, str]) -> str:
    return "+".join(name for name in titles if name in chosen)


def _read(name: str, kind: type) -> float | None:
    """The number in the address; None if there is none or it is not a number."""
    addressed = current(name)
    try:
        return None if addressed is None else kind(float(addressed))
    except (ValueError, OverflowError):
        return None


def _write(name: str, value, default) -> None:
    write(name, None if value == default else str(value))


def _set(name: str, value: str | None) -> None:
    if value is not None:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
