"""The camera of the visitor's device, which takes many photos at one press."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.ui import camera

BURST = 20  # photos at a press, five a second
ELEMENTS = '<div class="camera"><video muted playsinline></video>\n<button disabled>Take {} photos</button></div>'


def show(key: str, on_photos: Callable[[], None]) -> None:
    """Draw the camera; `on_photos` is called when a burst has arrived, and reads it by `taken`."""
    draw = camera.mount(Path(__file__), ELEMENTS.format(BURST))
    draw(key=key, data={"count": BURST}, on_photos_change=on_photos)


def taken(key: str) -> list[bytes]:
    """The JPEG files of a burst, as the browser says that they are; none if it sent something else."""
    photos = getattr(st.session_state.get(key), "photos", None)
    files = [camera.file(photo) for photo in photos] if isinstance(photos, list) else []
    return files if all(files) else []
