"""The camera with predictions as it goes: bars that move. A photo is forgotten once it is answered."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

from core.data import images
from core.errors import DatasetError, LabError
from core.explain.predict import MOST, Answer
from dashboard import server
from dashboard.predict import answer_card, models
from dashboard.ui import camera, components, formats, photo_picker

SWITCH, KEY = "live", "live-camera"
MOST_BYTES = 1_000_000  # of a photo
ELEMENTS = (
    '<div class="live"><div class="camera"><video muted playsinline></video></div><div class="models"></div>'
    '<p class="note">Opening the camera</p></div>'
)
NOTE = "Each prediction is for the newest photo; no photo is kept, and none is sent while this tab is hidden."
WAITING = "Waiting for the worker"
_PHOTO, _ANSWERS, _COUNT = "live-photo", "live-answers", "live-count"  # the last: of photos that were answered


def switch() -> bool:
    """The switch that turns it on; browsers without a camera have none."""
    return components.has_camera() and st.toggle("Live", key=SWITCH, bind="query-params", help="From the camera")


@st.fragment
def show(titles: Mapping[str, str]) -> None:
    """Draw the camera and the bars of these models (id -> name)."""
    try:
        answers = _answers(tuple(titles))
        shown = [_model(titles[answer.model], answer) for answer in answers]
    except LabError as error:
        st.session_state.pop(_PHOTO, None)
        components.show_error(error)
        return
    note = WAITING if _PHOTO in st.session_state else NOTE if shown else ""
    data = {"photo": st.session_state.get(_COUNT, 0), "models": shown, "note": note}
    camera.mount(Path(__file__), ELEMENTS)(key=KEY, data=data, on_seen_change=receive)


def receive() -> None:
    """Take the photo that has arrived, unless the last one still waits for its answer."""
    sent = camera.file(getattr(st.session_state[KEY], "seen", None))
    if _PHOTO not in st.session_state and len(sent) < MOST_BYTES:
        with suppress(DatasetError):
            st.session_state[_PHOTO] = images.decode(sent, name="the photo")


def _answers(chosen: tuple[str, ...]) -> Sequence[Answer]:
    """What the models say about the photo that arrived last, or until they do about the one before."""
    photo = st.session_state.get(_PHOTO)
    answers = None if photo is None else server.explain.live(chosen, photo, photo_picker.name(photo))
    if answers is not None:
        del st.session_state[_PHOTO]
        st.session_state[_ANSWERS] = answers
        st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    return [answer for answer in st.session_state.get(_ANSWERS, ()) if answer.model in chosen]


def _model(title: str, answer: Answer) -> dict[str, Any]:
    """The bars of a model; few classes keep their places."""
    classes, shares = models.classes(answer.model), dict(zip(answer.class_names, answer.probabilities, strict=True))
    names = classes if 0 < len(classes) <= MOST else answer.class_names
    return {
        "title": title,
        "time": f"{formats.milliseconds(answer.seconds)} a photo",
        "bars": [
            {"name": name, "percent": 100 * shares.get(name, 0.0), "colour": answer_card.colour(name, classes)}
            for name in names
        ],
    }
