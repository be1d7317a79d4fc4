"""Choices of a page that outlast the visit: kept in the home folder, for each person of a class.

They are filled into the address where it lacks them; a link that has them counts, and is not kept.
"""

from contextlib import suppress

import streamlit as st

from core import people, storage
from dashboard.state import address

KIND = "choices"  # folder


def recall(*names: str) -> None:
    """Before the widgets of these names: what was chosen in an earlier visit, into the address."""
    for name in names:
        arrived = name not in st.session_state and address.current(name) is None and not address.by_history()
        if arrived and (chosen := _find(name)) is not None:
            address.write(name, chosen)


def keep(*names: str) -> None:
    """After the widgets of these names: keep what this visitor chose; a full disk keeps nothing."""
    for name in names:
        if not address.linked(name) and (chosen := address.current(name)) != _find(name):
            with suppress(OSError):
                storage.keep(KIND, _key(name), chosen)


def _find(name: str) -> str | None:
    return storage.find(KIND, _key(name), lambda value: None if value is None else str(value))


def _key(name: str) -> str:
    return storage.digest([people.acting(), name])
