"""One image in detail: a run's prediction for it, and the parts of it that support the prediction."""

from collections.abc import Collection

import numpy as np
import streamlit as st

from core import backbones
from core.data.datasets import Dataset
from core.errors import LabError, RunError
from core.explain import attribution
from core.runs import RunRow
from dashboard import server
from dashboard.state import address, visitor
from dashboard.ui import components, formats, heatmap, image_grid, run_charts

POLL = 0.5  # seconds between updates at the worker
SIZE = 384  # pixels of an image
FEW_POSITIONS = 25  # of a feature map, below which a heat map hardly locates anything


def usual(run: RunRow) -> str:
    """The method that comes first: of a network without feature maps another one."""
    return "rollout" if backbones.get(run.config.backbone).has_tokens else "grad-cam"


def methods(architectures: Collection[str], *default: str) -> list[str]:
    """A choice of methods that explain images to at least one of these networks, none or more."""
    if address.current("explain") is None:  # begin with the usual one of this run, not of the one shown before
        st.session_state.pop("explain", None)
    chosen = address.several(
        "explain",
        "Explained by",
        attribution.titles(architectures),
        default=default,
        why="does not explain networks of this kind",
        wrap=True,
    )
    return chosen.split("+") if chosen else []


def show(run: RunRow, row: int, methods: list[str]) -> None:
    """The image, the probabilities, and by each method a heat map for the predicted and the true class."""
    dataset = image_grid.dataset_of(run)
    if dataset is None:
        return
    predictions = server.runs.predictions(run.id).set_index("row")
    if row not in predictions.index:
        st.warning("Choose one of the images that this run was tested on.", title=f"Image {row} is not a test image")
        return
    predicted, label = (int(predictions.loc[[row], name].iloc[0]) for name in ("prediction", "label"))
    names = dataset.class_names
    mistake = f"mistaken for **{formats.plain(names[predicted])}**"
    verdict = "classified correctly" if predicted == label else mistake
    st.markdown(f"Image {row}: **{formats.plain(names[label])}**, {verdict}.")
    probabilities = predictions.loc[row, [f"p_{index}" for index in range(len(names))]].to_numpy(float)
    classes = list(dict.fromkeys([predicted, label]))
    for method in methods:
        shown = classes if attribution.METHODS[method].of_class else classes[:1]
        ready = isinstance(_maps(run, method, row, dataset, shown), list | LabError)
        poll = st.fragment(_heat_maps, run_every=None if ready else POLL)
        poll(run, method, row, shown, waiting=not ready)
    components.chart(
        run_charts.probabilities(names, probabilities),
        key=f"probabilities-{run.id}",
        alt=f"The three most probable classes of image {row}",
    )


def _heat_maps(run: RunRow, method: str, row: int, classes: list[int], *, waiting: bool) -> None:
    dataset = server.datasets.get(run.config.dataset)
    image = dataset.images[row]
    maps = _maps(run, method, row, dataset, classes)
    if waiting and maps:
        components.redraw()  # stops the polling
    heats = maps if isinstance(maps, list) else []
    per_row = 2 if visitor.get().projector else 3
    cells = [*st.columns(per_row, gap="small"), *st.columns(per_row, gap="small")]
    cells[0].image(components.thumbnail(image, SIZE), caption="The image", width="stretch", alt=f"Image {row}")
    for cell, index, heat in zip(cells[1:], classes, heats, strict=False):
        name = dataset.class_names[index] if attribution.METHODS[method].of_class else "any class"
        cell.image(
            components.thumbnail(heatmap.over(image, heat, SIZE), SIZE),
            caption=formats.plain(f"Evidence for {name}" if heat.any() else f"No evidence for {name}"),
            width="stretch",
            alt=f"{attribution.TITLES[method]} of the evidence for {name} in image {row}",
        )
    if isinstance(maps, RunError):  # such as a method without gradients: nothing went wrong
        st.info(formats.message(f"{maps.remedy}."), title=formats.message(maps.received), icon=":material/info:")
    elif isinstance(maps, LabError):
        components.show_error(maps)
    elif maps is None:
        st.caption(":material/hourglass_top: Computing. The first image takes longest: the network has to be loaded.")
    else:
        st.caption(_how_to_read(method, *maps[0].shape))


def _how_to_read(method: str, height: int, width: int) -> str:
    text = f"{attribution.METHODS[method].title}: {attribution.METHODS[method].how}. "
    needs = attribution.METHODS[method].needs
    if not needs:
        return text
    text += f"It has {height} x {width} {'patches' if needs == 'tokens' else 'positions'}"
    return f"{text}." if height * width >= FEW_POSITIONS else f"{text}: a larger input size shows more detail."


def _maps(
    run: RunRow, method: str, row: int, dataset: Dataset, classes: list[int]
) -> list[np.ndarray] | LabError | None:
    """A heat map for each class, or why there is none; None while the worker computes one of them."""
    try:
        answers = [server.explain.heat(run.id, method, row, dataset.images[row], index) for index in classes]
    except LabError as error:
        return error
    maps = [answer for answer in answers if answer is not None]
    return maps if len(maps) == len(classes) else None
