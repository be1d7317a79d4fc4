"""One model's prediction for a photo: its likeliest classes as bars, aligned across models."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.errors import LabError
from core.explain.attribution import TITLES
from core.explain.predict import MOST, Answer
from dashboard import server
from dashboard.predict import agreement
from dashboard.ui import charts, colours, components, formats, heatmap
from dashboard.ui.photo_picker import Photo

BAR = 24  # pixels
HEIGHT = BAR * MOST + 8  # of the bars
SIZE = 256  # pixels of a heat map
ROOM = 60  # for the text beside the longest bar, in the unit of the bars


def title(name: str, *badges: str) -> None:
    """The head of a card."""
    st.markdown(" ".join([f"**{formats.plain(name)}**", *badges]))


def show(name: str, answer: Answer, classes: Sequence[str], photo: Photo, group: Sequence[Answer]) -> None:
    """A whole card.

    Args:
        classes: The model's classes in their order; empty for ImageNet.
        group: The answers of all models for the same classes.
    """
    predicted = answer.class_names[0]
    right = predicted == photo.shows
    if photo.shows in classes:
        title(name, ":green-badge[:material/check: right]" if right else ":red-badge[:material/close: wrong]")
    elif agreement.alone(answer, group):
        title(name, ":orange-badge[:material/call_split: disagrees]")
    else:
        title(name)
    components.chart(
        bars(answer, classes=classes), key=f"answer-{answer.model}-{photo.digest}", alt=f"Predicts {predicted}"
    )
    size = f"{answer.seen} px"
    if answer.seen != answer.input_size:
        size += f", resized to {answer.input_size} px"
    st.caption(f"{formats.milliseconds(answer.seconds)} for this photo, {size}")


def why(model: str, methods: Sequence[str], photo: Photo) -> bool:
    """The evidence for the model's likeliest class by each method; returns whether all of it is known."""
    complete = True
    for start in range(0, len(methods), 2):
        for column, method in zip(st.columns(2, gap="small"), methods[start : start + 2], strict=False):
            with column:
                try:
                    answer = server.explain.why(model, method, photo.pixels, photo.digest)
                except LabError as error:
                    st.caption(f"{TITLES[method]}: {formats.message(error.received)}.")
                    continue
                complete &= answer is not None
                if answer is None:
                    st.skeleton(height=SIZE)
                else:
                    shown = components.thumbnail(heatmap.over(*answer, SIZE), SIZE)
                    st.image(shown, caption=TITLES[method], width="stretch", alt=f"{TITLES[method]} of the photo")
    return complete


def colour(name: str, classes: Sequence[str]) -> str:
    """The colour of a class of a dataset, or the one of all classes of ImageNet."""
    return colours.class_colour(classes.index(name)) if name in classes else colours.ACCENT


def bars(answer: Answer, *, classes: Sequence[str] = ()) -> go.Figure:
    """The likeliest classes, the first on top; a dataset's classes have their colours.

    Args:
        classes: Names of the dataset's classes in their order; empty for ImageNet, which has too many for colours.
    """
    names, percents = answer.class_names, [100 * share for share in answer.probabilities]
    labels = [charts.label(name) for name in names]
    figure = charts.canvas(
        go.Bar(
            x=percents,
            y=labels,
            orientation="h",
            marker={"color": [colour(name, classes) for name in names], "opacity": charts.TINT},
            text=[f"{label}  <b>{percent:.0f} %</b>" for label, percent in zip(labels, percents, strict=True)],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        ),
        height=BAR * len(names) + 8,
        margin={"l": 0, "r": 0, "t": 2, "b": 2},
    )
    figure.update_xaxes(visible=False, range=[0, 100 + ROOM])
    return figure.update_yaxes(visible=False, autorange="reversed", type="category")
