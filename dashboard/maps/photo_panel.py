"""The visitor's own photo on a map: its position, and the map's images nearest to it."""

import hashlib

import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError, MapError
from core.maps import MapConfig
from core.maps.nearby import Near
from dashboard import server
from dashboard.maps import image_panel
from dashboard.ui import components, formats, photo_picker

POLL = 0.5  # seconds between polls of the worker
_KEPT = "own-photo"  # session key of the photo: its bytes do not fit in an address


def kept() -> bytes | None:
    """The bytes of the visitor's photo, if there is one."""
    return st.session_state.get(_KEPT)


def placed(config: MapConfig) -> Near | None:
    """The photo's position on a map; None without a photo, while the worker processes it, and after an error."""
    photo = kept()
    if photo is None:
        return None
    try:
        return server.maps.near_photo(config, photo)
    except LabError:
        return None  # `show` shows the error


def show(config: MapConfig, dataset: Dataset) -> None:
    """Widgets to add a photo, and its neighbours."""
    st.caption("The map's network processes it on this machine; nothing is kept after you close the page.")
    st.file_uploader("Your image", type=photo_picker.TYPES, key="photo-file", on_change=_keep, args=("photo-file",))
    if st.toggle("Use the camera", key="photo-camera-on"):
        components.camera("Take a photo", key="photo-camera", on_change=_keep, args=("photo-camera",))
    photo = kept()
    if photo is None:
        return
    try:
        near = server.maps.near_photo(config, photo)
    except MapError as error:
        image_panel.gone(config.source, error)
        return
    except LabError as error:
        components.show_error(error)
        return
    st.image(photo, width=image_panel.SIZE, alt="Your photo")
    if near is None:
        st.fragment(_wait, run_every=POLL)(config, photo)
        return
    names = [dataset.class_names[label] for label in dataset.labels[near.rows]]
    most = max(names, key=names.count)
    st.markdown(
        f"Of the {len(names)} nearest images (ringed on the map), {names.count(most)} are **{formats.plain(most)}**."
    )
    st.caption(
        f"The photo is cropped to a square and scaled to {dataset.images.shape[1]} px, like the map's images. A map "
        "places every photo somewhere: one far from all images in feature space still lies among them here."
    )
    image_panel.tiles(near, dataset, key=f"photo-{hashlib.sha256(photo).hexdigest()[:8]}")


def _keep(key: str) -> None:
    upload = st.session_state.get(key)
    if upload is not None:
        st.session_state[_KEPT] = upload.getvalue()


def _wait(config: MapConfig, photo: bytes) -> None:
    if not server.maps.looking_near_photo(config, photo):
        components.redraw()
    st.caption(":material/hourglass_top: The network is processing it")
