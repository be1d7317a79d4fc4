"""The six maps of the book's experiment: PCA, t-SNE and UMAP of the same images, before and after the fine-tune."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core import maps
from core.embeddings import Source
from core.maps import Map, MapConfig
from core.runs import RunRow
from dashboard import server
from dashboard.map_view import view as map_view
from dashboard.maps import colouring, drawing, image_panel, quality
from dashboard.ui import findings, formats, task_progress

METHODS = ("pca", "tsne", "umap")
STAGES = {"before": "before", "after": "after fine-tuning"}
VIEW = "six-maps"
MOVED = 0.02  # shares of right neighbours nearer than this are told as equal

Place = tuple[str, str]  # method, stage


def configs(tune_id: str, dataset: str, n_images: int) -> dict[Place, MapConfig]:
    """What to draw; each map after begins where the one before ends, so that an image can be found again.

    Args:
        n_images: Test images; 0 for all.

    Raises:
        LabError: The run is gone.
    """
    after = Source(dataset=dataset, images="test", n_images=n_images, run=tune_id)
    pairs = {method: maps.pair(after, method) for method in METHODS}
    return {(method, stage): pairs[method][i] for i, stage in enumerate(STAGES) for method in METHODS}


def show(probe: RunRow, tune: RunRow) -> None:
    """The maps once they are there; else they are drawn without being asked for, since the experiment was.

    Args:
        probe: The linear probe; `tune`: the fine-tune from its head.

    Raises:
        LabError: What they are of is gone.
    """
    wanted = configs(tune.id, tune.config.dataset, int(tune.config.n_test))
    drawn = {place: drawn for place, config in wanted.items() if (drawn := server.maps.drawn(config))}
    missing = [config for place, config in wanted.items() if place not in drawn]
    if missing:
        _draw(missing)
        return
    st.subheader("Before and after", anchor=False)
    st.markdown(better(probe, tune))
    st.markdown(apart(*(drawn["umap", stage].quality for stage in STAGES)))
    dataset, rows = server.datasets.get(tune.config.dataset), drawn["umap", "after"].rows
    shown = colouring.choose(wanted["umap", "after"].source, dataset, rows)
    row = image_panel.selected(rows)
    near = image_panel.neighbours(wanted["umap", "after"], row)

    def follow() -> None:
        image_panel.follow(map_view.picked(VIEW, rows))

    map_view.show(
        [_panel((method, stage), drawn[method, stage]) for stage in STAGES for method in METHODS],
        rows,
        dataset,
        shown.columns,
        key=VIEW,
        colour=shown.colour,
        arrange="grid",
        focus=[] if row is None else [row],
        marked=image_panel.ringed(near),
        on_change=follow,
    )
    image_panel.show(wanted["umap", "after"], dataset, row, shown.predictions, near)
    st.subheader("In numbers", anchor=False)
    st.table(table(drawn), border="horizontal")
    st.caption(
        "Silhouette: how much nearer an image lies to its own class than to the next, -1 to 1. Neighbours: how often "
        "the nearest images vote for its class. Trustworthiness: whether neighbours on the map are neighbours in "
        "feature space. Each map after starts from the one before, so that an image is found near where it was."
    )


def better(probe: RunRow, tune: RunRow) -> str:
    """What fine-tuning did to the accuracy, and whether that is chance."""
    text = (
        f"The probe on the frozen backbone is right on {formats.percent(probe.accuracy)} of the test images, the "
        f"fine-tune on {formats.percent(tune.accuracy)}."
    )
    change = server.runs.unfreezing(tune)
    return f"{text} {findings.unfreezing(change)}" if change else text


def apart(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """What it did to the classes in the space of features, from what the maps were judged by; "" with one class."""
    if "knn_full" not in before or "knn_full" not in after:
        return ""
    moved = after["knn_full"] - before["knn_full"]
    verdict = (
        "as far apart as they were" if abs(moved) < MOVED else "easier to tell apart" if moved > 0 else "more mixed"
    )
    return (
        f"In feature space the classes are **{verdict}**: the nearest images vote for the right one "
        f"{formats.percent(before['knn_full'])} of the time before and {formats.percent(after['knn_full'])} after; "
        f"their silhouette goes from {quality.signed(before['silhouette_full'])} to "
        f"{quality.signed(after['silhouette_full'])}."
    )


def table(drawn: dict[Place, Map]) -> pd.DataFrame:
    """A line for each map: what was measured of it."""
    lines = {
        f"{maps.METHODS[method].title}, {STAGES[stage]}": {
            "Silhouette on the map": _number(drawn[method, stage], "silhouette_map", "{:.2f}"),
            "Neighbours vote right on the map": _number(drawn[method, stage], "knn_map", "{:.1%}"),
            "Trustworthiness": _number(drawn[method, stage], "trustworthiness", "{:.1%}"),
            "Drawn in": formats.duration(drawn[method, stage].seconds.get("map", 0)),
        }
        for method in METHODS
        for stage in STAGES
    }
    return pd.DataFrame(lines).T


def _panel(place: Place, found: Map) -> map_view.Panel:
    method, stage = place
    caption = _number(found, "silhouette_map", "silhouette {:.2f}")
    return map_view.Panel(found.key, f"{maps.METHODS[method].title} {STAGES[stage]}", caption, linked=method)


def _number(found: Map, name: str, form: str) -> str:
    if name not in found.quality:
        return ""
    return form.format(found.quality[name]).replace("-", "\u2212").replace("%", "\u00a0%")


def _draw(missing: list[MapConfig]) -> None:
    """Draw what is missing at once; after a failure or a cancellation only on request."""
    tasks = [server.maps.task(config) for config in missing]
    if error := next((error for task in tasks if (error := task.error)), None):
        task_progress.why_it_ended(error)
        if not st.button("Draw the six maps", type="primary", icon=":material/scatter_plot:"):
            return
    for task in tasks:
        task.begin()
    st.fragment(drawing.live, run_every=drawing.POLL)(missing)
