"""A small map of a result's test images, with its mistakes: drawn on its own, opened large on Maps."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.embeddings import Source
from core.errors import LabError
from core.maps import Map, MapConfig
from core.runs import RunRow
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import charts, colours, components

POLL = 0.5  # seconds between polls
SIDE, PROJECTED = 230, 420  # pixels
MOST = 500  # images: enough to see the classes, drawn in a few seconds


def show(run: RunRow) -> None:
    """Draw it, or what it waits for; nothing if it cannot be drawn, since Maps says why."""
    config = MapConfig(Source(dataset=run.config.dataset, images="test", n_images=_images(run), run=run.id))
    try:
        drawn = server.maps.drawn(config)
    except LabError:
        return
    if drawn is None:
        _wait(config)
        return
    alt = "Map of the test images: similar ones lie close together, mistakes are marked"
    with st.container(width=_side()):
        components.chart(_figure(run, drawn), key=f"small-map-{run.id}", alt=alt)


def link(run: RunRow) -> None:
    """A link to the same map on Maps."""
    components.link(
        "maps",
        "Map it",
        icon=":material/scatter_plot:",
        of="run",
        run=run.id,
        images="test",
        colour="right",
        **({"n_images": str(_images(run))} if _images(run) else {}),
    )


def _side() -> int:
    return PROJECTED if visitor.get().projector else SIDE


def _images(run: RunRow) -> int:
    return MOST if run.n_test > MOST else 0  # 0: all


def _wait(config: MapConfig) -> None:
    task = server.maps.task(config)
    if task.error:
        return
    if server.engine.settled() and not task.running:  # a page does not wait for the engine to start
        try:
            task.begin()
        except LabError:
            return
    with st.container(width=_side()):
        st.skeleton(height=_side())
        st.caption(":material/hourglass_top: Drawing a map of the test images")
    st.fragment(_look_again, run_every=POLL)(config)


def _look_again(config: MapConfig) -> None:
    if server.engine.settled() and not server.maps.task(config).running:
        components.redraw()


def _figure(run: RunRow, drawn: Map) -> go.Figure:
    names = [charts.label(name) for name in server.runs.confusion(run.id).columns]
    points = pd.DataFrame(drawn.positions, columns=["x", "y"], index=drawn.rows)
    points = points.join(server.runs.predictions(run.id).set_index("row"), how="inner")
    wrong = points["label"] != points["prediction"]
    traces = []
    for title, colour, part in (("right", colours.RIGHT, points[~wrong]), ("wrong", colours.WRONG, points[wrong])):
        hover = [names[label] for label in part["label"]]
        if title == "wrong":
            hover = [
                f"{true}, mistaken for {names[predicted]}"
                for true, predicted in zip(hover, part["prediction"], strict=True)
            ]
        marker = {"color": colour, "size": 5, "opacity": 0.9}
        traces.append(
            go.Scatter(
                x=part["x"], y=part["y"], mode="markers", name=title, marker=marker, text=hover, hoverinfo="text"
            )
        )
    figure = charts.canvas(*traces, height=_side(), margin={"t": 28, "r": 0, "b": 0, "l": 0})
    return figure.update_xaxes(visible=False).update_yaxes(visible=False, scaleanchor="x")
