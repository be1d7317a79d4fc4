"""New classes in a minute: a name each, photos from the camera or files, and one button that leads to a prediction.

The photos are kept in the session, like files that Streamlit has just received: they are lost with the tab.
"""

import io
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image

from core import people
from core.config import RunConfig
from core.data import photos
from core.data.importing import Imported
from core.data.photos import PhotoClass
from core.errors import DatasetError, LabError
from dashboard import server
from dashboard.data import burst_camera, uploaded
from dashboard.run import progress
from dashboard.state import address, visitor
from dashboard.ui import components, contact_sheet, formats, photo_picker

BACKBONE = "EfficientNetLite0"  # fast, and its weights are shipped
NAME, PHOTOS = "new", "photos"  # in the address, while this is shown
MOST_MB = 50  # of a photo
LAST = 7  # photos of a class that are shown
_CLASSES, _CAMERA, _ERROR = "new-classes", "class-at-the-camera", "why-new-classes-are-not-trained"
_IMPORT, _RUN = "import-to-be-trained", "run-to-be-opened"


def wanted() -> bool:
    """Whether the address asks for this."""
    return address.one_of(NAME, "Form", {PHOTOS}) is not None


def begin() -> None:
    """Open it on the page, from a callback."""
    address.write(NAME, PHOTOS)


def show() -> None:
    """Draw the classes; once Train is pressed, what becomes of them, up to the page Predict."""
    if _importing() or _running():
        return
    classes = st.session_state.setdefault(_CLASSES, [PhotoClass(), PhotoClass()])
    st.markdown(
        "Name two or more things, take about 20 photos of each from several sides, and train. The last fifth of each "
        "class is kept for testing, and the tenth before it for validation: take those in another place, or the "
        "accuracy will be too good to be true. Until you train, the photos stay in this tab."
    )
    with st.grid(3):
        for number, new_class in enumerate(classes):
            _draw(number, new_class)
    if error := st.session_state.get(_ERROR):
        components.show_error(error)
    with st.bottom.container(horizontal=True, vertical_alignment="center"):
        st.button("Train", type="primary", icon=":material/play_arrow:", on_click=_train)
        st.button("Another class", icon=":material/add:", on_click=classes.append, args=(PhotoClass(),))
        st.button("Cancel", type="tertiary", on_click=address.write, args=(NAME, None), help="Back to the datasets")
        total = formats.count(sum(len(new_class.photos) for new_class in classes), "photo")
        st.markdown(f":gray[{total} in all]", width="content")


def _draw(number: int, new_class: PhotoClass) -> None:
    """The card of a class."""
    with st.container(border=True, height="stretch"):
        key = f"new-class-name-{number}"
        st.session_state[key] = new_class.name
        st.text_input(
            f"Name of class {number + 1}",
            key=key,
            placeholder="A name",
            max_chars=40,
            on_change=_rename,
            args=(new_class, key),
        )
        if new_class.photos:
            images = [np.asarray(Image.open(io.BytesIO(photo))) for photo in new_class.photos[: -LAST - 1 : -1]]
            st.image(contact_sheet.strip(images, columns=LAST), width="stretch")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(formats.count(len(new_class.photos), "photo"), width="content")
            if components.has_camera():
                at = st.session_state.get(_CAMERA) == number
                label, icon = ("Close", ":material/close:") if at else ("Camera", ":material/photo_camera:")
                st.button(label, icon=icon, key=f"camera-{number}", on_click=_point, args=(None if at else number,))
            if new_class.photos:
                st.button("Clear", type="tertiary", key=f"clear-{number}", on_click=new_class.photos.clear)
        if st.session_state.get(_CAMERA) == number and components.has_camera():
            burst = f"burst-{number}"
            burst_camera.show(burst, partial(_add_burst, new_class, burst))
        uploader = f"photos-{number}"
        key = uploaded.key(uploader)
        st.file_uploader(
            f"Photos of class {number + 1}",
            type=photo_picker.TYPES,
            accept_multiple_files=True,
            label_visibility="collapsed",
            max_upload_size=MOST_MB,
            key=key,
            on_change=_add_files,
            args=(new_class, uploader, key),
        )


def _rename(new_class: PhotoClass, key: str) -> None:
    new_class.name = " ".join(st.session_state.get(key, new_class.name).split())


def _point(number: int | None) -> None:
    st.session_state[_CAMERA] = number


def _add_burst(new_class: PhotoClass, key: str) -> None:
    _add(new_class, [(photo, "The photo") for photo in burst_camera.taken(key)])


def _add_files(new_class: PhotoClass, uploader: str, key: str) -> None:
    files = st.session_state.get(key) or []  # the visitor may have left the page
    _add(new_class, [(file.getvalue(), file.name) for file in files])
    uploaded.forget(uploader, files)


def _add(new_class: PhotoClass, files: list[tuple[bytes, str]]) -> None:
    """Keep the readable photos, as many as there is room for, and report the others."""
    st.session_state.pop(_ERROR, None)
    room = photos.MOST - sum(len(other.photos) for other in st.session_state[_CLASSES])
    if (left_out := len(files) - room) > 0:
        was = f"{left_out} was" if left_out == 1 else f"{left_out} were"
        st.toast(f"At most {photos.MOST} photos are allowed; {was} left out.", icon=":material/error:")
    for data, name in files[:room]:
        try:
            new_class.photos.append(photos.small(data, name))
        except DatasetError as error:
            st.toast(formats.message(str(error)), icon=":material/error:")


def _train() -> None:
    """Import the classes; the photos are kept until that has worked."""
    try:
        people.require("import")
        stream, name = photos.pack(st.session_state[_CLASSES])
        started = server.imports.begin_upload(stream, name, photos.perform)
    except LabError as error:
        st.session_state[_ERROR] = error
        return
    st.session_state.pop(_ERROR, None)
    st.session_state[_IMPORT] = started
    visitor.update(importing=started)


def _importing() -> bool:
    """Whether the photos are still being imported; at the end, queue the run."""
    if not (name := st.session_state.get(_IMPORT)):
        return False
    photos = server.imports.get(name)
    if photos and photos.task.running:
        return True  # the page shows how far it is, and is drawn again at its end
    del st.session_state[_IMPORT]
    if photos and isinstance(photos.task.result, Imported):
        try:
            st.session_state[_RUN] = server.runs.submit(RunConfig(dataset=photos.task.result.name, backbone=BACKBONE))
        except LabError as error:
            st.session_state[_ERROR] = error
    return False


def _running() -> bool:
    """Whether the run is under way; at its end, open Predict."""
    if not (run_id := st.session_state.get(_RUN)):
        return False
    components.need_runs()
    if any(run.id == run_id for run in server.runs.active()):
        progress.show(run_id, narrow=True)
        return True
    _open(run_id)
    return False


def _open(run_id: str) -> None:
    """Open Predict with the run and the live camera; the page Train, which says why, if the run has no result."""
    server.runs.refresh()
    del st.session_state[_RUN]
    run = server.runs.find(run_id)
    if run is None or not run.has_result:
        st.switch_page(components.page("train"), query_params={"run": run_id})
    del st.session_state[_CLASSES]
    st.session_state.pop(_CAMERA, None)
    source = {"live": "true"} if components.has_camera() else {"photo": "file"}
    choices = {"dataset": run.config.dataset, "run": run_id, "models": run_id} | source
    st.switch_page(components.page("predict"), query_params=choices)
