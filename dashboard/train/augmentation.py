"""What augmentation does to training images, shown on real ones: as stored, and two random variants of each."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from core.config import RunConfig
from core.data import images
from core.errors import LabError
from dashboard import server
from dashboard.ui import contact_sheet

SHOWN = 6


def show(config: RunConfig) -> None:
    """One row of original images, then two rows of augmented ones."""
    try:
        dataset = server.datasets.get(config.dataset)
    except LabError:
        return
    st.image(
        _sheet(config.dataset, dataset.fingerprint, config.augment, config.seed),
        width="stretch",
        alt=f"Training images, original and augmented with {config.augment}",
    )
    st.caption("First row: originals. Below: random variants, drawn anew in each epoch.")


def sheet(pictures: np.ndarray, kinds: tuple[str, ...], *, seed: int) -> bytes:
    """A PNG of images (n, s, s, 3) uint8 above two rows of augmented copies."""
    rng = np.random.default_rng(seed)
    rows = [pictures, *(images.augment(pictures, kinds, rng) for _ in range(2))]
    strips = [Image.open(io.BytesIO(contact_sheet.strip(row, columns=len(pictures)))) for row in rows]
    width, height = strips[0].size
    whole = Image.new("RGBA", (width, len(strips) * (height + contact_sheet.GAP) - contact_sheet.GAP))
    for line, strip in enumerate(strips):
        whole.paste(strip, (0, line * (height + contact_sheet.GAP)))
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _sheet(name: str, _fingerprint: str, augment: str, seed: int) -> bytes:
    dataset = server.datasets.get(name)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(dataset.labels), SHOWN, replace=False))
    return sheet(np.asarray(dataset.images[rows]), tuple(augment.split("+")), seed=seed)
