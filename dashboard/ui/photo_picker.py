"""Choosing a photo: an image of the dataset, one that is shipped, a file, or the camera."""

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from core import settings
from core.data import images
from core.data.datasets import Dataset
from core.errors import LabError, StoreError
from dashboard import server
from dashboard.state import address, visitor
from dashboard.ui import choices, components, formats

TYPES = sorted(suffix.removeprefix(".") for suffix in images.SUFFIXES)  # of files that can be chosen
SOURCES = {
    "shipped": "Shipped",
    "test": "Test image",
    "file": "File",
    "camera": "Camera",
}
ROW = "image"  # in the address bar: row id of a test image


@dataclass(frozen=True)
class Shipped:
    """A photo on this machine, with its author and licence."""

    title: str
    file: str  # in scikit-learn's package, or in assets/photos
    author: str
    shows: str

    @property
    def path(self) -> Path:
        if (own := settings.ASSETS / "photos" / self.file).exists():
            return own
        sklearn = importlib.util.find_spec("sklearn")
        assert sklearn and sklearn.origin, "scikit-learn is a requirement"
        return Path(sklearn.origin).parent / "datasets" / "images" / self.file


SHIPPED = {
    "cat": Shipped("A cat", "chelsea.png", "by Stéfan van der Walt, CC0", "cat"),
    "dog": Shipped("A dog", "dog.jpg", "from GCompris, GPL 3", "dog"),
    "horse": Shipped("Horses", "horse.jpg", "from GCompris, GPL 3", "horse"),
    "deer": Shipped("A moose", "deer.jpg", "by Ryan Hagerty, public domain", "deer"),
    "bird": Shipped("A duck", "bird.jpg", "from GCompris, GPL 3", "bird"),
    "frog": Shipped("A frog", "frog.jpg", "from Tux Paint, GPL 2", "frog"),
    "airplane": Shipped("An airplane", "airplane.jpg", "from Tux Paint, GPL 2", "airplane"),
    "automobile": Shipped("A racing car", "automobile.jpg", "from Tux Paint, GPL 2", "automobile"),
    "ship": Shipped("Boats in Nagasaki", "ship.jpg", "by Felice Beato, CC0", "ship"),
    "truck": Shipped("A fire engine", "truck.jpg", "by Aaron M. Lang, CC BY 2.5", "truck"),
    "flower": Shipped("A flower", "flower.jpg", "by vultilion, CC BY 2.0", "flower"),
    "china": Shipped("The Summer Palace", "china.jpg", "by danielbuechele, CC BY 2.0", "palace"),
}


@dataclass(frozen=True)
class Photo:
    """A photo, and what it shows where that is known."""

    pixels: np.ndarray  # (h, w, 3) uint8
    caption: str
    shows: str = ""

    @property
    def digest(self) -> str:
        """Identifies the pixels."""
        return name(self.pixels)


def choose(*, first: str = "shipped", examples: Callable[[Dataset], dict[int, int]] | None = None) -> Photo | None:
    """Widgets for a photo and the photo below them; returns it, or None until there is one.

    Args:
        first: The source that is chosen at first, one of SOURCES.
        examples: From a dataset to its test images that stand for their classes: class -> row id.
    """
    titles = {first: SOURCES[first]} | SOURCES
    sources = {"shipped": _shipped, "test": lambda: _test(examples), "file": _file, "camera": _camera}
    source = choices.titled(st.segmented_control, "photo", "Photo", titles, wrap=True) or first
    try:
        photo = sources[source]()
    except StoreError:  # which the page says once
        raise
    except LabError as error:
        components.show_error(error)
        return None
    if photo is not None:
        shown = photo.pixels if min(photo.pixels.shape[:2]) > 200 else components.thumbnail(photo.pixels, 256)
        st.image(shown, caption=formats.plain(photo.caption), width="stretch")
    return photo


def name(pixels: np.ndarray) -> str:
    """A digest that identifies a photo."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()[:16]


def _shipped() -> Photo:
    titles = {key: photo.title for key, photo in SHIPPED.items()}
    photo = SHIPPED[choices.titled(st.selectbox, "which", "Which", titles)]
    return Photo(server.explain.picture(photo.path.read_bytes()), f"{photo.file}, {photo.author}", photo.shows)


def _test(examples: Callable[[Dataset], dict[int, int]] | None) -> Photo:
    dataset = server.datasets.get(visitor.get().dataset)
    rows = np.flatnonzero(dataset.official == "test")
    rows = rows if len(rows) else np.arange(len(dataset.labels))
    labels, firsts = np.unique(dataset.labels[rows], return_index=True)
    of_class = dict(zip(labels.tolist(), rows[firsts].tolist(), strict=True)) | (examples(dataset) if examples else {})
    addressed = address.current(ROW) or ""
    row = address.whole(addressed)
    if row is None or row >= len(dataset.labels):
        row = of_class[min(of_class)]
    if addressed and str(row) != addressed:
        address.refuse(ROW, "Image", addressed, f"is not an image of {formats.plain(dataset.title)}")
    label, key = int(dataset.labels[row]), "photo-class"
    st.session_state[key] = label

    def of_chosen() -> None:
        if (chosen := st.session_state.get(key)) is not None:  # the visitor may have left the page
            address.write(ROW, str(of_class[chosen]))

    def another() -> None:
        address.write(ROW, str(np.random.default_rng().choice(rows)))

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Class",
            sorted({*of_class, label}),
            format_func=lambda index: formats.plain(dataset.class_names[index]),
            key=key,
            on_change=of_chosen,
        )
        st.button("Any", icon=":material/casino:", on_click=another, help="Any other test image, at random")
    shows = dataset.class_names[label]
    return Photo(dataset.images[row], f"Image {row} of {dataset.title}: {shows}", shows)


def _file() -> Photo | None:
    upload = st.file_uploader("Your image", type=TYPES, key="photo-upload")
    return upload and Photo(server.explain.picture(upload.getvalue(), upload.name), upload.name)


def _camera() -> Photo | None:
    taken = components.camera("Take one", key="photo-taken")
    return taken and Photo(server.explain.picture(taken.getvalue(), "the photo"), "From the camera")
