"""The runs that curves are compared with: lines to reach, and all runs as dots."""

from collections.abc import Sequence

import streamlit as st

from core import settings
from core.config import TITLES, ZERO_SHOT, RunConfig
from core.errors import LabError
from core.metrics import Interval
from core.runs import RunRow
from core.zero_shot import encoder
from dashboard import server
from dashboard.few_shot import dots
from dashboard.state import address
from dashboard.ui import choices, components, formats


def choose(dataset: str, n_test: int) -> tuple[list[RunRow], list[RunRow]]:
    """The chosen lines to reach, and the runs to draw as dots; all were tested on so many images of the dataset."""
    finished = {
        run.id: run
        for run in server.runs.entries()
        if run.status == "finished" and run.config.dataset == dataset and run.n_test == n_test
    }
    zero_shot = [run for run in finished.values() if run.config.method == ZERO_SHOT]
    if address.current("lines") is None:  # the default may have changed: a zero-shot run may have just ended
        st.session_state.pop("lines", None)
    names = address.several(
        "lines",
        "Lines to reach",
        choices.run_titles(finished.values()),
        widget=st.multiselect,
        select_all=False,
        default=[run.id for run in zero_shot[:1]],
        placeholder="Finished runs",
        help="Runs tested on the same images: zero-shot, a probe or a fine-tune",
    )
    drawn = [finished[run_id] for run_id in names.split("+")] if names else []
    dotted = []
    if st.toggle("Runs as dots", settings.mode() == "class", key="dots", bind="query-params", help=dots.HELP):
        dotted = [run for run in finished.values() if run.n_train]
    _offer_zero_shot(dataset, {run.config.backbone for run in zero_shot}, drawn)
    return drawn, dotted


def lines(runs: Sequence[RunRow]) -> dict[str, Interval]:
    """The accuracy of each run by its title; runs with the same title are distinguished by their start."""
    intervals: dict[str, Interval] = {}
    for run in runs:
        mean = f", mean of {formats.count(run.n_seeds, 'seed')}" if run.seeds else ""
        title = f"{run.config.backbone}'s {TITLES[run.config.method].lower()} ({formats.percent(run.accuracy)}{mean})"
        if title in intervals:
            title += f" of {formats.moment(run.created)}"
        intervals[title] = Interval(run.accuracy, run.accuracy_low, run.accuracy_high)
    return intervals


def _offer_zero_shot(dataset: str, done: set[str], drawn: Sequence[RunRow]) -> None:
    """A button that runs a CLIP zero-shot, the published one that is on this machine if there is one."""
    real = (clip for clip in encoder.NAMES if clip != encoder.TOY and clip in server.backbones.here())
    model = next(real, encoder.TOY)
    under_way = [run for run in server.runs.active() if (run.config.method, run.config.dataset) == (ZERO_SHOT, dataset)]
    if model in done or not st.button(
        f"Run {model} zero-shot",
        icon=":material/translate:",
        key="few-shot-ask",
        disabled=bool(under_way),
        help="It gets the class names and no labelled images; its accuracy on these test images is a line to reach",
    ):
        return
    try:
        new_run = server.runs.submit(RunConfig(dataset=dataset, backbone=model, method=ZERO_SHOT))
        if drawn:
            address.write("lines", "+".join([*(run.id for run in drawn), new_run]))
        st.rerun()  # the sidebar shows its status; its line appears when it has ended
    except LabError as error:
        components.show_error(error)
