"""The camera of the visitor's device, which takes many photos at one press."""

import base64
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

BURST = 20  # photos at a press, five a second
SCRIPT, STYLE = (Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css"))
ELEMENTS = '<div class="burst"><video muted playsinline></video>\n<button disabled>Take {} photos</button></div>'


def show(key: str, on_photos: Callable[[], None]) -> None:
    """Draw the camera; `on_photos` is called when a burst has arrived, and reads it by `taken`."""
    camera = component("burst_camera", html=ELEMENTS.format(BURST), css=STYLE, js=SCRIPT)
    camera(key=key, data={"count": BURST}, on_photos_change=on_photos)


def taken(key: str) -> list[bytes]:
    """The JPEG files of a burst, as the browser says that they are; none if it sent something else."""
    try:
        return [base64.b64decode(photo.partition(",")[2]) for photo in st.session_state[key].photos]
    except (AttributeError, TypeError, ValueError):
        return []
