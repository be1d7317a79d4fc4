"""Charts of cosine similarities: of one image to texts, and of many images to many texts; and a ranking of prompts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.ui.charts import canvas, error_bars, label
from dashboard.ui.colours import ACCENT

MOST = 20  # bars


def answers(texts: Sequence[str], cosines: np.ndarray, probabilities: np.ndarray) -> go.Figure:
    """The texts (k,) most similar to an image, with their probabilities as bars and their cosines as text."""
    best = np.argsort(-cosines, kind="stable")[:MOST]
    bars = go.Bar(
        x=100 * probabilities[best],
        y=[str(rank) for rank in range(len(best))],
        orientation="h",
        marker={"color": ACCENT},
        text=[f"{label(texts[i])}  <b>{100 * probabilities[i]:.1f} %</b>  (cosine {cosines[i]:.3f})" for i in best],
        textposition=["inside" if probabilities[i] > 0.6 else "outside" for i in best],
        insidetextanchor="start",
        constraintext="none",
        hovertemplate="%{text}<extra></extra>",
    )
    figure = canvas(bars, height=36 * len(best) + 16, margin={"l": 0, "r": 0, "t": 4, "b": 4})
    figure.update_xaxes(visible=False, range=[0, 100])
    return figure.update_yaxes(visible=False, autorange="reversed", type="category")


def matrix(images: Sequence[str], texts: Sequence[str], cosines: np.ndarray) -> go.Figure:
    """Cosines (n, k): an image a column, a text a row; each image's most similar text is marked."""
    best, texts = cosines.argmax(axis=1), [label(text) for text in texts]
    cells = go.Heatmap(
        z=cosines.T,
        x=[label(image) for image in images],
        y=texts,
        text=[[f"{value + 0:.2f}" for value in row] for row in cosines.T.round(2)],  # + 0: no -0.00
        texttemplate="%{text}" if len(images) * len(texts) <= 400 else None,
        colorbar={"title": {"text": "Cosine", "side": "right"}, "thickness": 12, "outlinewidth": 0},
        xgap=1,
        ygap=1,
        hovertemplate="%{x}, %{y}: %{z:.3f}<extra></extra>",
    )
    marks = go.Scatter(
        x=[label(image) for image in images],
        y=[texts[index] for index in best],
        mode="markers",
        marker={"symbol": "square-open", "size": 34, "color": "#e08600", "line_width": 3},
        hoverinfo="skip",
        showlegend=False,
    )
    figure = canvas(cells, marks, height=max(300, 40 * len(texts) + 90))
    figure.update_xaxes(title_text="Image, with its row id", type="category", showgrid=False)
    return figure.update_yaxes(title_text="", type="category", autorange="reversed", showgrid=False)


def ranking(frame: pd.DataFrame) -> go.Figure:
    """Prompts as dots with 95 % intervals, the first on top: `title`, `accuracy`, `accuracy_low`, `accuracy_high`."""
    places = [str(place) for place in range(len(frame))]
    dots = go.Scatter(
        x=100 * frame["accuracy"],
        y=places,
        mode="markers",
        marker={"color": ACCENT, "size": 12},
        error_x=error_bars(frame),
        hovertemplate="%{x:.1f} %<extra></extra>",
    )
    titles = [
        f"{label(title)}  <b>{100 * share:.1f} %</b>"
        for title, share in zip(frame["title"], frame["accuracy"], strict=True)
    ]
    figure = canvas(dots, height=100 + 34 * len(frame))
    figure.update_yaxes(tickvals=places, ticktext=titles, type="category", autorange="reversed", title_text="")
    return figure.update_xaxes(title_text="Accuracy on validation images (%), 95 % interval")
