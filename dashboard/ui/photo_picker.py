"""Choosing a photo: one of two that are shipped, a file, the camera, or an image of the dataset."""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import streamlit as st

from core.errors import LabError
from dashboard import server
from dashboard.state import address, visitor
from dashboard.ui import choices, components, formats

TYPES = ("jpg", "jpeg", "png", "webp", "bmp", "gif", "tiff")
SOURCES = {
    "shipped": "Shipped",
    "test": "Test image",
    "file": "File",
    "camera": "Camera",
}
SHIPPED = {  # in scikit-learn's package, with their authors and licences
    "flower": ("A flower", "flower.jpg", "by vultilion, CC BY 2.0"),
    "china": ("The Summer Palace", "china.jpg", "by danielbuechele, CC BY 2.0"),
}
ROW = "image"  # in the address bar: row id of a test image


def choose() -> np.ndarray | None:
    """Widgets for a photo and the photo below them; returns it, (h, w, 3) uint8, or None until there is one."""
    source = choices.titled(st.segmented_control, "photo", "Photo", SOURCES, wrap=True) or "shipped"
    try:
        photo, caption = {"shipped": _shipped, "test": _test, "file": _file, "camera": _camera}[source]()
    except LabError as error:
        components.show_error(error)
        return None
    if photo is not None:
        shown = photo if min(photo.shape[:2]) > 200 else components.thumbnail(photo, 256)
        st.image(shown, caption=formats.plain(caption), width="stretch")
    return photo


def name(photo: np.ndarray) -> str:
    """A digest that identifies a photo."""
    return hashlib.sha256(photo.tobytes()).hexdigest()[:16]


def _shipped() -> tuple[np.ndarray, str]:
    chosen = choices.titled(st.selectbox, "which", "Which", {key: title for key, (title, _, _) in SHIPPED.items()})
    _, file, author = SHIPPED[chosen]
    sklearn = importlib.util.find_spec("sklearn")
    assert sklearn and sklearn.origin, "scikit-learn is a requirement"
    folder = Path(sklearn.origin).parent / "datasets" / "images"
    return server.explain.picture((folder / file).read_bytes()), f"{file}, {author}"


def _test() -> tuple[np.ndarray, str]:
    dataset = server.datasets.get(visitor.get().dataset)
    rows = np.flatnonzero(dataset.official == "test")
    rows = rows if len(rows) else np.arange(len(dataset.labels))
    addressed = address.current(ROW) or ""
    row = int(addressed) if addressed.isdecimal() and int(addressed) < len(dataset.labels) else int(rows[0])
    if addressed and str(row) != addressed:
        address.refuse(ROW, "Image", addressed, f"is not an image of {formats.plain(dataset.title)}")

    def another() -> None:
        address.write(ROW, str(np.random.default_rng().choice(rows)))

    st.button("Another one", icon=":material/casino:", on_click=another)
    label = dataset.class_names[dataset.labels[row]]
    return dataset.images[row], f"Image {row} of {dataset.title}: {label}"


def _file() -> tuple[np.ndarray | None, str]:
    upload = st.file_uploader("Your image", type=TYPES, key="photo-upload")
    return (None, "") if upload is None else (server.explain.picture(upload.getvalue(), upload.name), upload.name)


def _camera() -> tuple[np.ndarray | None, str]:
    taken = st.camera_input("Take one", key="photo-taken")
    return (None, "") if taken is None else (server.explain.picture(taken.getvalue(), "the photo"), "From the camera")
