"""Live predictions from the camera, as moving bars. A photo is discarded once it is classified."""

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
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
NOTE = (
    "Each prediction is for the newest photo; its time is the median of the last few. No photo is kept, and none is "
    "sent while this tab is hidden."
)
WAITING = "Waiting for the worker"
MOST_MODELS = 2
TIMED = 5  # photos
_PHOTO, _ANSWERS, _COUNT = "live-photo", "live-answers", "live-count"  # the last: of photos that were answered
_SECONDS = "live-seconds"  # of the last photos, by model


def switch() -> bool:
    """The switch that turns it on; browsers without a camera have none."""
    about = "Predict what the camera sees, about twice a second"
    on = components.has_camera() and st.toggle("Live", key=SWITCH, bind="query-params", help=about)
    if not on or KEY not in st.session_state:  # what it saw before it was switched off, or the page left, is forgotten
        for key in (_PHOTO, _ANSWERS, _SECONDS):
            st.session_state.pop(key, None)
    return on


@st.fragment
def show(titles: Mapping[str, str]) -> None:
    """Draw the camera and the bars of the first of these models (id -> name)."""
    above, shown = st.container(), []  # the camera keeps its place, and so stays open
    with above:
        chosen = tuple(titles)[:MOST_MODELS]
        if len(titles) > len(chosen):
            st.caption(f"Live predicts with the first {MOST_MODELS} of these models.")
        try:
            _ask(chosen)
        except LabError as error:
            st.session_state.pop(_PHOTO, None)
            components.show_error(error)
        answers = st.session_state.get(_ANSWERS, {})
        for model in (model for model in chosen if model in answers):
            try:
                shown.append(_model(titles[model], answers[model]))
            except LabError as error:
                answer_card.title(titles[model])
                components.show_error(error)
    note = WAITING if _PHOTO in st.session_state else NOTE if shown else ""
    data = {"photo": st.session_state.get(_COUNT, 0), "models": shown, "note": note}
    camera.mount(Path(__file__), ELEMENTS)(key=KEY, data=data, on_seen_change=receive)


def receive() -> None:
    """Take the photo that has arrived, unless the last one waits for its answer or another source was chosen."""
    sent = camera.file(getattr(st.session_state.get(KEY), "seen", None))
    if _PHOTO not in st.session_state and len(sent) < MOST_BYTES:
        with suppress(DatasetError):
            st.session_state[_PHOTO] = images.decode(sent, name="the photo")


def _ask(chosen: tuple[str, ...]) -> None:
    """Keep what the models say about the photo that arrived last; until they do, what they said before."""
    if (photo := st.session_state.get(_PHOTO)) is None:
        return
    digest = photo_picker.name(photo)
    if (answers := server.explain.live(chosen, photo, digest)) is None:
        if not server.explain.looking(chosen, digest):  # others' photos are under way: the next one asks again
            del st.session_state[_PHOTO]
        return
    del st.session_state[_PHOTO]
    st.session_state[_ANSWERS] = dict(zip(chosen, answers, strict=True))
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    times = st.session_state.setdefault(_SECONDS, {})
    for answer in answers:
        if isinstance(answer, Answer):
            _time(times, answer)


def _time(times: dict[str, deque[float]], answer: Answer) -> None:
    """Keep the time of an answer, unless it is a model's first, which also prepares the network."""
    if answer.model in times:
        times[answer.model].append(answer.seconds)
    else:
        times[answer.model] = deque(maxlen=TIMED)


def _model(title: str, answer: Answer | LabError) -> dict[str, Any]:
    """The bars of a model; few classes keep their places. Raises the error of one that cannot answer."""
    if isinstance(answer, LabError):
        raise answer
    classes, shares = models.classes(answer.model), dict(zip(answer.class_names, answer.probabilities, strict=True))
    names = classes if 0 < len(classes) <= MOST else answer.class_names
    times = st.session_state[_SECONDS][answer.model]
    return {
        "title": title,
        "time": f"{formats.milliseconds(median(times))} a photo" if times else "",
        "bars": [
            {"name": name, "percent": 100 * shares.get(name, 0.0), "colour": answer_card.colour(name, classes)}
            for name in names
        ],
    }
