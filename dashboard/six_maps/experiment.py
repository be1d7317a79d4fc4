"""The book's experiment: a fifth of the training images for a linear probe, four fifths for a fine-tune from its head.

The choices decide the configs of both runs, and so which runs of the store they are: the address is the experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core import backbones
from core.config import DEMO, RunConfig
from core.errors import LabError
from core.runs import ENDED, RunRow
from dashboard import server
from dashboard.run import progress
from dashboard.state import address
from dashboard.train import cost
from dashboard.ui import choices, components, formats

DRAWN = 2000  # test images on each map at first, where there are more
RATE = 1e-4  # ten times what a fine-tune usually takes: in three epochs something is to be seen


@dataclass(frozen=True)
class Experiment:
    """Both runs, and what is drawn of them; the fine-tune is not complete before its probe has an id."""

    probe: RunConfig
    tune: RunConfig

    def tune_from(self, probe_id: str) -> RunConfig:
        """The fine-tune that begins with the head of a probe."""
        return replace(self.tune, start=probe_id)


def choose() -> Experiment:
    """Widgets for it; all that is not chosen is as the page Train has it.

    Raises:
        LabError: What is asked for cannot be.
    """
    dataset, backbone = choices.dataset(), choices.backbone()
    facts = backbones.get(backbone)
    tested = len(server.datasets.splits(server.datasets.get(dataset))["test"])
    with st.expander("More", icon=":material/tune:"):
        fields = {
            "input_size": address.number(
                st.number_input,
                "input_size",
                "Input size (px)",
                least=facts.min_size,
                most=1024,
                step=32,
                default=DEMO.input_size if backbone == DEMO.backbone else facts.default_size,
                scope=backbone,
            ),
            "n_test": address.number(
                st.number_input,
                "n_images",
                "Test images on the maps",
                least=0,
                most=tested,
                step=500,
                default=DRAWN if tested > DRAWN else 0,
                scope=dataset,
                help="0 for all of them",
            ),
            "seed": address.number(st.number_input, "seed", "Seed", default=0, least=0, most=2**31 - 1),
        }
        n_train = address.number(
            st.number_input,
            "n_train",
            "Training images",
            default=0,
            least=0,
            most=1_000_000,
            step=500,
            help="A fifth of them for the probe, the others for the fine-tune; 0 for all",
        )
        trained = {
            "epochs": address.number(
                st.number_input, "epochs", "Epochs of the fine-tune", default=3, least=1, most=100
            ),
            "learning_rate": address.number(
                st.number_input,
                "learning_rate",
                "Its learning rate",
                default=RATE,
                least=1e-7,
                most=1.0,
                step=1e-5,
            ),
            "unfreeze_count": address.number(
                st.number_input, "unfreeze_count", "Blocks that it trains, from the end", default=2, least=1, most=50
            ),
        }
    fields |= {"dataset": dataset, "backbone": backbone}
    return planned(fields, trained, n_train)


def planned(fields: dict, trained: dict, n_train: int) -> Experiment:
    """The configs of both runs.

    Args:
        fields: Of a `RunConfig`, what both have.
        trained: What only the fine-tune has.
        n_train: Training images in all; 0 for as many as there are.
    """
    fifth = max(1, n_train // 5) if n_train else 0
    return Experiment(
        RunConfig(**fields, method="linear", train_split="probe20", n_train=fifth),
        RunConfig(**fields, **trained, method="finetune", train_split="finetune80", n_train=n_train - fifth),
    )


def found(asked: Experiment, runs: Sequence[RunRow]) -> tuple[RunRow | None, RunRow | None]:
    """The newest probe and the newest fine-tune from it that were asked so; None for one that there is not.

    Args:
        runs: Newest first.
    """
    probe = _newest(runs, asked.probe)
    if probe is None:
        return None, None
    return probe, _newest(runs, asked.tune_from(probe.id))


def start(asked: Experiment, probe: RunRow | None) -> None:
    """Queue what is not done: both runs, or the fine-tune alone where its probe is finished or on its way."""
    if probe is not None and (probe.status == "finished" or probe.status not in ENDED):
        probe_id = probe.id
    else:
        probe_id = server.runs.submit(asked.probe)
    server.runs.submit(asked.tune_from(probe_id))


def show(asked: Experiment, probe: RunRow | None, tune: RunRow | None) -> None:
    """What will happen, or how far it is, and the button that starts it."""
    plans = [server.runs.plan(asked.probe), server.runs.plan(asked.tune)]
    st.markdown(
        f"1. A **linear probe** learns from {formats.count(plans[0].n_train, 'image')}, a fifth, on the frozen "
        f"{asked.probe.backbone}.\n"
        f"2. A **fine-tune** begins with its head and learns from {formats.count(plans[1].n_train)} others.\n"
        f"3. **Six maps** show {formats.count(plans[1].n_test, 'test image')} that neither has seen, before and after."
    )
    for run in (probe, tune):
        if run is not None and run.status == "finished":
            _done(run)
        elif run is not None:
            progress.show(run.id)
            progress.queue(but=run.id)
            break
    if any(run is None or run.status in ("failed", "diverged") for run in (probe, tune)):
        _start_button(asked, probe, plans)


def _done(run: RunRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        what = "Probe" if run.config.train_split == "probe20" else "Fine-tune"
        interval = formats.interval(run.accuracy_low, run.accuracy_high)
        st.markdown(f":material/check: **{what}: {formats.percent(run.accuracy)}** ({interval})", width="content")
        components.link("run", "Open", run=run.id)


def _start_button(asked: Experiment, probe: RunRow | None, plans: list) -> None:
    seconds = [plan.estimate.seconds for plan in plans if plan.estimate]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Run the experiment", type="primary", icon=":material/play_arrow:"):
            try:
                with st.spinner("Starting the engine"):
                    start(asked, probe)
                st.rerun()
            except LabError as error:
                components.show_error(error)
        if len(seconds) == len(plans):
            st.caption(f"About {formats.duration(sum(seconds))} for both runs, as measured here", width="content")
        else:
            st.caption("Its speed on this machine is not measured yet", width="content")
            cost.measure_button(asked.probe.backbone, asked.probe.input_size)


def _newest(runs: Sequence[RunRow], config: RunConfig) -> RunRow | None:
    return next((run for run in runs if run.config == config), None)
