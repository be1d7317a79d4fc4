"""A photo of one's own on a map: where it belongs, and which of the map's images are nearest to it."""

import hashlib

import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError, MapError
from core.maps import MapConfig
from core.maps.nearby import Near
from dashboard import server
from dashboard.maps import image_panel
from dashboard.ui import components

POLL = 0.5  # seconds between two looks at the worker
TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif"]
_KEPT = "own-photo"  # the bytes of this visitor's photo, which no address can hold


def kept() -> bytes | None:
    """The photo that was brought, wherever on the page its widgets are."""
    return st.session_state.get(_KEPT)


def placed(config: MapConfig) -> Near | None:
    """Where the photo belongs on a map; None without one, while the worker looks at it, or where that failed."""
    photo = kept()
    if photo is None:
        return None
    try:
        return server.maps.near_photo(config, photo)
    except LabError:
        return None  # `show` says why


def show(config: MapConfig, dataset: Dataset) -> None:
    """Widgets to bring a photo, and its neighbours."""
    st.caption("The same network looks at it, on this machine; nothing is kept when you close the page.")
    st.file_uploader("An image of yours", type=TYPES, key="photo-file", on_change=_keep, args=("photo-file",))
    if st.toggle("Use the camera", key="photo-camera-on"):
        st.camera_input("Take one", key="photo-camera", on_change=_keep, args=("photo-camera",))
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
    st.markdown(f"Of the {len(names)} images nearest to it, {names.count(most)} are **{most}**; they have rings.")
    st.caption(
        f"It is cut square and made {dataset.images.shape[1]} px small, as the map's images are. A map has a place for "
        "anything: far from all others in feature space, it still lies among them here."
    )
    image_panel.tiles(near, dataset, key=f"photo-{hashlib.sha256(photo).hexdigest()[:8]}")


def _keep(key: str) -> None:
    given = st.session_state.get(key)
    if given is not None:
        st.session_state[_KEPT] = given.getvalue()


def _wait(config: MapConfig, photo: bytes) -> None:
    if not server.maps.looking_near_photo(config, photo):
        st.rerun()
    st.caption(":material/hourglass_top: The network looks at it")
