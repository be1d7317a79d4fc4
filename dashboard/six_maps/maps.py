"""The six maps of the book's experiment: PCA, t-SNE and UMAP of the same images, before and after the fine-tune."""

import pandas as pd
import streamlit as st

from core import embeddings, maps
from core.config import RunConfig
from core.embeddings import Source
from core.features.estimates import Count
from core.features.throughput import Estimate
from core.maps import Map, MapConfig
from core.metrics import Change
from core.runs import RunRow
from dashboard import server
from dashboard.map_view import view as map_view
from dashboard.maps import colouring, image_panel, progress, quality
from dashboard.run import fair_probe
from dashboard.server import tasks as server_tasks
from dashboard.ui import findings, formats, task_progress

METHODS = ("pca", "tsne", "umap")
MOMENTS = {"before": "before", "after": "after fine-tuning"}
VIEW = "six-maps"

Cell = tuple[str, str]  # of the grid: method, moment


def configs(tune_id: str, dataset: str, n_images: int) -> dict[Cell, MapConfig]:
    """The configs of the six maps; each map after starts from the one before, so that images stay near their place.

    Args:
        n_images: Test images; 0 for all.

    Raises:
        LabError: The run was deleted.
    """
    after = Source(dataset=dataset, images="test", n_images=n_images, run=tune_id)
    pairs = {method: maps.pair(after, method) for method in METHODS}
    return {(method, moment): pairs[method][i] for i, moment in enumerate(MOMENTS) for method in METHODS}


def expected(tune: RunConfig, images: int) -> Estimate | None:
    """How long the maps will take once both runs are finished: only the fine-tuned network has not seen the images."""
    counted = Count("six maps")
    counted.network(tune.backbone, tune.input_size, images)
    maps.count(METHODS * len(MOMENTS), images, into=counted)
    return counted.estimate()


def show(probe: RunRow, tune: RunRow) -> None:
    """The maps, or the progress of drawing them, which starts by itself.

    Args:
        probe: The linear probe.
        tune: The fine-tune from its head.

    Raises:
        LabError: The runs or the dataset were deleted.
    """
    wanted = configs(tune.id, tune.config.dataset, int(tune.config.n_test))
    drawn = {cell: drawn for cell, config in wanted.items() if (drawn := server.maps.drawn(config))}
    missing = [config for cell, config in wanted.items() if cell not in drawn]
    if missing:
        _draw(missing)
        return
    st.subheader("Before and after", anchor=False)
    change = server.runs.unfreezing(tune)
    st.markdown(better(probe, tune, change))
    if change:
        fair_probe.show(tune, change)
    st.markdown(quality.separation(*(drawn["umap", moment].quality for moment in MOMENTS)))
    dataset, rows = server.datasets.get(tune.config.dataset), drawn["umap", "after"].rows
    shown = colouring.choose(wanted["umap", "after"].source, dataset, rows)
    row = image_panel.selected(rows)
    near = image_panel.neighbours(wanted["umap", "after"], row)

    def follow() -> None:
        image_panel.follow(map_view.picked(VIEW, rows))

    map_view.show(
        [_panel((method, moment), drawn[method, moment]) for moment in MOMENTS for method in METHODS],
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
        "Silhouette: how much nearer an image is to its own class than to the nearest other one, from -1 to 1. "
        "Neighbours: how often the nearest images vote for its class. Trustworthiness: whether neighbours on the map "
        "are neighbours in feature space. Each map after starts from the one before, so images stay near their place."
    )


def better(probe: RunRow, tune: RunRow, change: Change | None) -> str:
    """How the fine-tune's accuracy differs from the probe's, whether that could be chance, and what else differs."""
    text = (
        f"The probe on the frozen backbone is right on {formats.percent(probe.accuracy)} of the test images, the "
        f"fine-tune on {formats.percent(tune.accuracy)}."
    )
    return f"{text} {findings.unfreezing(change)}" if change else text


def table(drawn: dict[Cell, Map]) -> pd.DataFrame:
    """The quality of each map, a row a map."""
    lines = {
        f"{maps.METHODS[method].title}, {MOMENTS[moment]}": {
            "Silhouette on the map": _number(drawn[method, moment], "silhouette_map", "{:.2f}"),
            "Neighbours vote right on the map": _number(drawn[method, moment], "knn_map", "{:.1%}"),
            "Trustworthiness": _number(drawn[method, moment], "trustworthiness", "{:.1%}"),
            "Drawn in": formats.duration(drawn[method, moment].seconds.get("map", 0)),
        }
        for method in METHODS
        for moment in MOMENTS
    }
    return pd.DataFrame(lines).T


def _panel(cell: Cell, drawn: Map) -> map_view.Panel:
    method, moment = cell
    caption = _number(drawn, "silhouette_map", "silhouette {:.2f}")
    return map_view.Panel(drawn.key, f"{maps.METHODS[method].title} {MOMENTS[moment]}", caption, linked=method)


def _number(drawn: Map, name: str, form: str) -> str:
    if name not in drawn.quality:
        return ""
    return form.format(drawn.quality[name]).replace("-", "\u2212").replace("%", "\u00a0%")


def _draw(missing: list[MapConfig]) -> None:
    """Draw the missing maps at once; after a failure or a cancellation, only on request."""
    tasks = [server.maps.task(config) for config in missing]
    if error := next((error for task in tasks if (error := task.error)), None):
        task_progress.why_it_ended(error)
        if not st.button("Draw the six maps", type="primary", icon=":material/scatter_plot:"):
            return
    counted = Count("six maps")
    for source in dict.fromkeys(config.source for config in missing):
        counted.network(*embeddings.network(source), embeddings.missing(source))
    maps.count([config.method for config in missing], len(embeddings.rows(missing[0].source)), into=counted)
    server_tasks.begin(tasks, counted)
    st.fragment(progress.live, run_every=progress.POLL)(missing)
