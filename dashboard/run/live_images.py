"""The images that a running run has just seen and, once it has a head, what it recognises in them."""

import base64
from html import escape

import streamlit as st

from core.errors import LabError
from core.progress import Progress
from core.runs import Run
from dashboard import server
from dashboard.ui import components

TILE = 112  # pixels


def show(run: Run, moment: Progress) -> None:
    """Draw the images of a progress report, if it names any; in one element, so that images and names never mix."""
    if not moment.rows:
        return
    try:
        dataset = server.datasets.get(run.config.dataset)
    except LabError:  # it was deleted meanwhile; the run will say so
        return
    tiles = []
    for number, row in enumerate(moment.rows):
        true = escape(dataset.class_names[dataset.labels[row]])
        kind, caption = "seen", true
        if moment.labels:
            predicted = escape(dataset.class_names[moment.labels[number]])
            kind, caption = ("right", f"✓ {true}") if predicted == true else ("wrong", f"✗ {predicted}")
        source = base64.b64encode(components.thumbnail(dataset.images[row], TILE)).decode()
        tiles.append(
            f'<figure class="{kind}"><img src="data:image/png;base64,{source}" width="{TILE}" height="{TILE}" '
            f'alt="{true}"><figcaption>{caption}</figcaption></figure>'
        )
    st.html(f'<div class="live-images">{"".join(tiles)}</div>')
