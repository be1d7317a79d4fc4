"""Widgets whose numbers and lists are kept in the address bar, and remembered separately for each scope.

`epochs` of a fine-tune and of a probe share one name in the address but are remembered separately; the address means
the one that is shown.

A browser sends its address with each click. The second of two quick clicks is sent with the address from before the
first; `current` returns the newer value.

A browser's history gets a step with each change: what one click changes is changed `together`.

A value that no widget knows is taken out of the address, and `refused` says so for as long as the page is shown. After
Back or Forward the address alone counts, and a name that it lacks means the default.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from time import monotonic
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import get_session_state

from dashboard.state.streamlit_private import one_message

_WHOLE = re.compile(r"[0-9]{1,15}")
LAG = 2.0  # seconds in which a browser may still send the address from before a click
UNKNOWN = "is unknown here"
LEFT_OUT = "Removed from this address"
READ = "read-from-the-address"  # names that widgets of this session have read
_CHANGED = "changed-in-the-address"
_REFUSED = "refused-in-the-address"
_WRITTEN = "written-into-the-address"
_PLACE = "place-of-the-refused"
_SHOWN = "page-of-the-address"
_ALONE = "next-address-counts-alone"

Number = TypeVar("Number", int, float)


def begin() -> str:
    """Start a script run: after Back and Forward, forget what the address does not say. Returns an id of the page."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    if context and st.session_state.pop(_ALONE, False):
        context.is_history_navigation = True
    read = st.session_state.setdefault(READ, set())
    st.session_state.pop(_PLACE, None)
    if by_history():
        st.session_state.pop(_REFUSED, None)
        st.session_state.pop(_CHANGED, None)
        _forget_widgets(read - set(st.query_params))
    return page


def count_alone() -> None:
    """Ignore remembered choices for the next address, as after Back: before a switch to somebody else's page."""
    st.session_state[_ALONE] = True


def rename(names: Collection[str], renamed: Mapping[str, str]) -> None:
    """Replace values of these names that were renamed since the version that made the link."""
    for name in names:
        values = st.query_params.get_all(name)
        if not set(renamed).isdisjoint(values):
            st.query_params[name] = [renamed.get(value, value) for value in values]


def by_history() -> bool:
    """Whether Back or Forward in the browser caused this script run."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def refuse(name: str, label: str, value: str, why: str = UNKNOWN) -> None:
    """Take a name out of the address because its value is unknown, and report it."""
    _change(name, None)
    note(name, label, value, why)


def note(name: str, label: str, value: str, why: str = UNKNOWN) -> None:
    """Report that a value in the address is unknown; something else takes it out."""
    shown = value.replace("`", "'")  # as code, which is shown as it is
    sentence = f"`{shown}` {why}" if shown else "no value is given"
    st.session_state.setdefault(_REFUSED, {})[name] = f"{label}: {sentence}."
    _show_refused()


def show_refused(page: str) -> None:
    """Report unknown values of this page's address here, until the visitor makes a choice for the same name."""
    if st.session_state.get(_SHOWN, page) != page:
        st.session_state.pop(_REFUSED, None)
    st.session_state[_SHOWN] = page
    st.session_state[_PLACE] = st.container()  # which takes no room while it is empty
    _show_refused()


def _show_refused() -> None:
    """Draw all sentences at once, and again when a widget adds one: after `st.stop` nothing can be drawn."""
    place, refused = st.session_state.get(_PLACE), st.session_state.get(_REFUSED, {})
    if refused and place is not None:
        if isinstance(place, tuple):
            place = place[0]
        else:
            place = place.empty()
            st.session_state[_PLACE] = (place,)
        place.warning("  \n".join(refused.values()), title=LEFT_OUT, icon=":material/link_off:")


def check_bound(name: str, label: str, options: Collection[str]) -> None:
    """Before a widget with `bind="query-params"`: note values that it is about to drop."""
    _read_here(name)
    if name not in st.session_state:  # later the address follows the widget
        for value in st.query_params.get_all(name):
            if value not in options:
                note(name, label, value)


def linked(name: str) -> bool:
    """Whether the value in the address came with a link, rather than from a choice of this visitor."""
    return current(name) not in (None, st.session_state.get(_WRITTEN, {}).get(name))


def chosen(name: str) -> bool:
    """Whether the address says what this visitor chose last, rather than what came with a link or by Back."""
    written = st.session_state.get(_WRITTEN, {})
    return name in written and current(name) == written[name]


def number(
    widget: Callable, name: str, label: str, *, default: Number, least: float, most: float, scope: str = "", **options
) -> Number:
    """A number from `st.number_input` or `st.slider`; the default is not written into the address."""
    kind, key = type(default), _key(name, scope)
    addressed = _read(name, kind, label)
    if addressed and not least <= addressed <= most and linked(name):
        note(name, label, str(current(name)), f"is not from {least:g} to {most:g}")
    value = addressed if addressed is not None else st.session_state.get(key, default)
    value = default if value < least else value  # 0 in a link stands for the default
    value = st.session_state[key] = kind(min(max(value, kind(least)), kind(most)))
    _change(name, None if value == default else str(value))

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
    why: str = UNKNOWN,
    **options,
) -> str:
    """A widget with several choices; returns the chosen names joined by +, in the order of the titles.

    Args:
        widget: `st.pills` or `st.multiselect`.
        default: The initial choice, which is not written into the address.
        why: What is said of a name in the address that is not among the titles.
    """
    _read_here(name)
    addressed, usual = current(name), _joined(default, titles)
    if (unknown := set((addressed or "").split("+")) - {"", *titles}) and linked(name):
        known = _joined((addressed or "").split("+"), titles)
        _change(name, known or None)
        note(name, label, ", ".join(sorted(unknown)), why)
        addressed = known or None
    if addressed is not None:
        st.session_state[name] = [option for option in titles if option in addressed.split("+")]
    else:  # as the widget's own default in every run: a browser that draws it afresh begins with that
        options = {"default": list(default)} | options

    def keep() -> None:
        if name in st.session_state:  # the visitor may have left the page
            _write(name, _joined(st.session_state[name], titles), usual)

    if widget is st.pills:
        options = {"selection_mode": "multi"} | options
    chosen = widget(label, list(titles), format_func=titles.get, key=name, on_change=keep, **options)
    return _joined(chosen or [], titles)


def one_of(name: str, label: str, options: Collection[str], *, others: bool = False) -> str | None:
    """The value in the address if it is one of the options; None without one, or if it is unknown, which is said.

    Args:
        others: Allow any other value too.
    """
    _read_here(name)
    addressed = current(name)
    if addressed in options or (addressed and others):
        return addressed
    if addressed is not None and linked(name):
        refuse(name, label, addressed)
    return None


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
    st.session_state.get(_REFUSED, {}).pop(name, None)
    _change(name, value)


def announce(name: str, value: str | None) -> None:
    """Record that the address is about to change, for instance by a switch to another page: see `current`."""
    before = st.query_params.get(name)
    if before != value:
        st.session_state.setdefault(_CHANGED, {})[name] = (before, value, monotonic())


def release(names: Collection[str]) -> None:
    """Take names from the widgets of this page that keep them, so that a switch to a page can set them."""
    with get_session_state().query_params() as params:
        for name in names:
            if binding := params.get_binding_for_param(name):
                params.unbind_widget(binding.widget_id)
                st.session_state.pop(name, None)


together = one_message  # what one click changes is one step of the browser's history


def whole(text: str) -> int | None:
    """A number such as that of an image or a step; None for any other text, and for more digits than one can mean."""
    return int(text) if _WHOLE.fullmatch(text) else None


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


def _read(name: str, kind: type, label: str) -> float | None:
    """The number in the address; None if there is none or it is not a number, which is then said."""
    _read_here(name)
    addressed = current(name)
    if addressed is None:
        return None
    try:
        value = float(addressed)
        if isfinite(value):
            return kind(value)
    except ValueError:
        pass
    refuse(name, label, addressed, "is not a number")
    return None


def _read_here(name: str) -> None:
    st.session_state.setdefault(READ, set()).add(name)


def _write(name: str, value, default) -> None:
    write(name, None if value == default else str(value))


def _change(name: str, value: str | None) -> None:
    if st.query_params.get(name) != value:
        announce(name, value)
        _set(name, value)


def _set(name: str, value: str | None) -> None:
    st.session_state.setdefault(_WRITTEN, {})[name] = value
    if value is not None:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
