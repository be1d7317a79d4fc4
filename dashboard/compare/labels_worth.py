"""How many labelled images a zero-shot CLIP is worth, read from few-shot curves that are already computed."""

from collections.abc import Sequence

import streamlit as st

from core import heads
from core.config import ZERO_SHOT
from core.embeddings import Source
from core.errors import LabError
from core.evaluation import few_shot
from core.metrics import Interval
from core.runs import RunRow
from dashboard import server
from dashboard.few_shot import curves
from dashboard.ui import components, formats

MOST = 4  # backbones


def show(finished: Sequence[RunRow]) -> None:
    """The newest zero-shot run of each dataset, and how many images the probed backbones need to match it."""
    newest: dict[str, RunRow] = {}  # by dataset; not the best, which would be a choice made on the test images
    for run in finished:
        if run.config.method == ZERO_SHOT:
            newest.setdefault(run.config.dataset, run)
    if not newest:
        return
    sentences = [sentence for run in newest.values() for sentence in _sentences(run, finished)]
    text = "  \n".join(sentences) or "Not measured yet: the page Few-shot measures it from cached features in seconds."
    st.markdown(f"**How many labelled images are the class names worth?**  \n{text}")
    run = next(iter(newest.values()))
    probed = dict.fromkeys(probe.config.backbone for probe in _probes(run, finished))
    probed.pop(run.config.backbone, None)
    components.link(
        "few_shot",
        "See the curves",
        icon=":material/show_chart:",
        dataset=run.config.dataset,
        backbones=[*list(probed)[:MOST], run.config.backbone],
    )
    components.toy({run.config.backbone for run in finished})


def _sentences(run: RunRow, finished: Sequence[RunRow]) -> list[str]:
    target = Interval(run.accuracy, run.accuracy_low, run.accuracy_high)
    title = (
        f"{run.config.backbone}'s zero-shot on {formats.plain(server.datasets.title(run.config.dataset))} "
        f"({formats.percent(target.value)})"
    )
    sentences = []
    for probe in _probes(run, finished):
        try:
            network = ("backbone", "weights", "input_size", "preprocessing", "pooling")
            source = Source(
                dataset=run.config.dataset,
                images="test",
                **{name: getattr(probe.config, name) for name in network},
            )
            curve = server.few_shot.curve(source)
        except LabError:  # its dataset or network has been deleted
            continue
        if curve and curve.n_test == run.n_test:
            crossing = few_shot.crossing(curve, target)
            name = f"{probe.config.backbone} at {probe.config.input_size} px"
            name += " (untrained)" if probe.weights_origin == "untrained" else ""
            sentences.append(curves.sentence(name, title, crossing, complete=curve.complete))
    return sentences[:MOST]


def _probes(run: RunRow, finished: Sequence[RunRow]) -> list[RunRow]:
    """Probes on the same dataset, one for each combination of network, input size, preprocessing and pooling."""
    probes: dict[tuple, RunRow] = {}
    for other in finished:
        config = other.config
        if config.dataset == run.config.dataset and config.method in heads.METHODS:
            network = (config.backbone, config.weights, config.input_size, config.preprocessing, config.pooling)
            probes.setdefault(network, other)
    return list(probes.values())
