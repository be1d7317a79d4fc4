"""Numbers and lists that are in the address bar under the name of what they set, and remembered for each scope apart.

`epochs` of a fine-tune and of a probe are two memories and one name: the address means the one that is shown.
"""

from collections.abc import Callable, Collection, Sequence

import streamlit as st


def number(
    widget: Callable, name: str, label: str, *, default: float, least: float, most: float, scope: str = "", **options
) -> float:
    """A widget over a number, `st.number_input` or `st.slider`; `default` is not written into the address."""
    kind, key = type(default), _key(name, scope)
    asked = _read(name, kind)
    value = asked if asked is not None else st.session_state.get(key, default)
    value = default if value < least else value  # 0 in a link stands for the default
    st.session_state[key] = kind(min(max(value, kind(least)), kind(most)))
    _write(name, st.session_state[key], default)

    def keep() -> None:
        if key in st.session_state:  # the page may have been left meanwhile
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
    asked, usual = st.query_params.get(name), _joined(default, titles)
    if asked is not None:
        st.session_state[name] = [each for each in titles if each in asked.split("+")]
    st.session_state.setdefault(name, list(default))

    def keep() -> None:
        if name in st.session_state:  # the page may have been left meanwhile
            _write(name, _joined(st.session_state[name], titles), usual)

    if widget is st.pills:
        options = {"selection_mode": "multi"} | options
    chosen = widget(label, list(titles), format_func=titles.get, key=name, on_change=keep, **options)
    return _joined(chosen or [], titles)


def put(name: str, value) -> None:
    """Set a choice from a callback, whichever widget shows it."""
    forget([name])
    st.query_params[name] = str(value)


def forget(names: Collection[str]) -> None:
    """Let choices go back to their defaults, from a callback."""
    for name in names:
        if name in st.query_params:
            del st.query_params[name]
    for key in [key for key in st.session_state if str(key).split(":")[-1] in names]:
        del st.session_state[key]


def _key(name: str, scope: str) -> str:
    return f"{scope}:{name}" if scope else name


def _joined(chosen: Collection[str], titles: dict[str, str]) -> str:
    return "+".join(each for each in titles if each in chosen)


def _read(name: str, kind: type) -> float | None:
    """What the address says; nothing where it is no number."""
    try:
        return kind(float(st.query_params[name])) if name in st.query_params else None
    except (ValueError, OverflowError):
        return None


def _write(name: str, value, default) -> None:
    if value != default and st.query_params.get(name) != str(value):
        st.query_params[name] = str(value)
    elif value == default and name in st.query_params:
        del st.query_params[name]
