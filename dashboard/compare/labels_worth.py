"""What a CLIP that was told the class names is worth in labelled images, from the few-shot curves that are there."""

import pandas as pd
import streamlit as st

from core import heads
from core.config import ZERO_SHOT
from core.embeddings import Source
from core.errors import LabError
from core.evaluation import few_shot
from core.metrics import Interval
from dashboard import server
from dashboard.few_shot import curves
from dashboard.ui import components, formats

MOST = 4  # backbones


def show(finished: pd.DataFrame) -> None:
    """For each dataset its newest zero-shot run (of `runs.table`), and what the backbones probed beside it need."""
    told = finished[finished["method"] == ZERO_SHOT]
    told = told.drop_duplicates("dataset")  # the newest: not the best, which would be chosen on the test images
    if told.empty:
        return
    sentences = [sentence for _, run in told.iterrows() for sentence in _sentences(run, finished)]
    text = (
        "  \n".join(sentences) or "Not measured yet: the page Few-shot draws it, from cached features within seconds."
    )
    st.markdown(f"**How many labelled images is being told the names worth?**  \n{text}")
    run = told.iloc[0]
    probed = [name for name in _probes(run, finished)["backbone"].unique() if name != run["backbone"]]
    components.link(
        "few_shot", "See the curves", icon=":material/show_chart:", dataset=run["dataset"],
        backbones=[*probed[:MOST], run["backbone"]],
    )  # fmt: skip
    components.toy(set(finished["backbone"]))


def _sentences(run: pd.Series, finished: pd.DataFrame) -> list[str]:
    line = Interval(run["accuracy"], run["accuracy_low"], run["accuracy_high"])
    title = f"{run['backbone']}'s zero-shot on {run['dataset']} ({formats.percent(line.value)})"
    said = []
    for _, probe in _probes(run, finished).iterrows():
        try:
            source = Source(
                dataset=run["dataset"], images="test", backbone=probe["backbone"], weights=probe["weights"],
                input_size=int(probe["input_size"]), preprocessing=probe["preprocessing"], pooling=probe["pooling"],
            )  # fmt: skip
            curve = server.few_shot.curve(source)
        except LabError:  # its dataset or network has gone since
            continue
        if curve and curve.n_test == run["n_test_used"]:
            crossing = few_shot.crossing(curve, line)
            name = f"{probe['backbone']} at {probe['input_size']} px"
            name += " (untrained)" if probe["weights_origin"] == "untrained" else ""
            said.append(curves.sentence(name, title, crossing, complete=curve.complete))
    return said[:MOST]


def _probes(run: pd.Series, finished: pd.DataFrame) -> pd.DataFrame:
    """Probes on the same dataset, one of each network and way to look."""
    same = finished[(finished["dataset"] == run["dataset"]) & finished["method"].isin(list(heads.METHODS))]
    return same.drop_duplicates(["backbone", "weights", "input_size", "preprocessing", "pooling"])
