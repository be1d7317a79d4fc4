"""Choices of a page that are remembered for the next visit, in the home folder, for each person of a class.

They fill in what the address lacks. Choices that come with a link or by Back take precedence, and are not remembered.
"""

from contextlib import suppress

import streamlit as st

from core import home, people, storage
from dashboard.state import address


def recall(*names: str) -> None:
    """Put what was chosen in an earlier visit into the address; before the widgets of these names."""
    with address.together():
        for name in names:
            arrived = name not in st.session_state and address.current(name) is None and not address.by_history()
            if arrived and (chosen := _find(name)) is not None:
                address.write(name, chosen)


def keep(*names: str) -> None:
    """Remember what this visitor chose, unless the disk is full; after the widgets of these names."""
    for name in names:
        if address.chosen(name) and (value := address.current(name)) != _find(name):
            with suppress(OSError):
                storage.keep(_folder(), _key(name), value)


def _find(name: str) -> str | None:
    return storage.find(_folder(), _key(name), lambda value: None if value is None else str(value))


def _folder() -> str:
    return home.CHOICES if people.current_person() == people.LECTURER else home.CHOICES_OF_LEARNERS


def _key(name: str) -> str:
    return storage.digest([people.current_person(), name])
