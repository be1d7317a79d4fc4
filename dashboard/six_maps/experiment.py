"""The book's experiment: a fifth of the training images for a linear probe, four fifths for a fine-tune from its head.

The choices determine both configs, and the configs identify the runs in the store, so an address is an experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core import backbones
from core.config import DEMO, RunConfig
from core.errors import LabError
from core.plan import Plan
from core.runs import ENDED, RunRow
from dashboard import server
from dashboard.run import progress
from dashboard.six_maps import maps
from dashboard.state import address
from dashboard.train import cost
from dashboard.ui import choices, components, formats

DRAWN = 2000  # test images on each map at first, where there are more
RATE = 1e-4  # ten times the default of a fine-tune, so that three epochs have a visible effect


@dataclass(frozen=True)
class Experiment:
    """The configs of both runs; the fine-tune's is complete once the probe has an id."""

    probe: RunConfig
    tune: RunConfig

    def tune_from(self, probe_id: str) -> RunConfig:
        """The fine-tune that starts from the head of a probe."""
        return replace(self.tune, start=probe_id)


def choose() -> Experiment:
    """Widgets for the experiment; everything else has the defaults of the page Train.

    Raises:
        LabError: The choices are not a valid experiment.
    """
    dataset, backbone = choices.dataset(), choices.backbone()
    spec = backbones.get(backbone)
    tested = len(server.datasets.splits(server.datasets.get(dataset))["test"])
    with st.expander("More", icon=":material/tune:"):
        fields = {
            "input_size": choices.option(
                RunConfig,
                "input_size",
                label="Input size (px)",
                least=spec.min_size,
                step=spec.size_step,
                default=DEMO.input_size if backbone == DEMO.backbone else spec.default_size,
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
            "seed": choices.option(RunConfig, "seed"),
        }
        help = "A fifth of them for the probe, the others for the fine-tune; 0 for all"
        n_train = choices.option(RunConfig, "n_train", label="Training images", step=500, help=help)
        epochs = {"label": "Epochs of the fine-tune", "default": 3, "most": 100}
        rate = {"label": "Learning rate of the fine-tune", "default": RATE, "most": 1.0, "step": 1e-5}
        blocks = {"label": "Blocks to train, from the end", "least": 1, "most": 50}
        changes = {"epochs": epochs, "learning_rate": rate, "unfreeze_count": blocks}
        trained = {name: choices.option(RunConfig, name, **changed) for name, changed in changes.items()}
    fields |= {"dataset": dataset, "backbone": backbone}
    return planned(fields, trained, n_train)


def planned(fields: dict, trained: dict, n_train: int) -> Experiment:
    """The configs of both runs.

    Args:
        fields: Fields of `RunConfig` that both share.
        trained: Fields of the fine-tune alone.
        n_train: Training images of both together; 0 for all.
    """
    fifth = max(1, n_train // 5) if n_train else 0
    return Experiment(
        RunConfig(**fields, method="linear", train_split="probe20", n_train=fifth),
        RunConfig(**fields, **trained, method="finetune", train_split="finetune80", n_train=n_train - fifth),
    )


def find(experiment: Experiment, runs: Sequence[RunRow]) -> tuple[RunRow | None, RunRow | None]:
    """The newest probe of an experiment and the newest fine-tune from it; None for a missing one.

    Args:
        runs: Newest first.
    """
    probe = _newest(runs, experiment.probe)
    if probe is None:
        return None, None
    return probe, _newest(runs, experiment.tune_from(probe.id))


def start(experiment: Experiment, probe: RunRow | None) -> None:
    """Queue both runs, or the fine-tune alone if its probe is finished or under way."""
    if probe is not None and (probe.status == "finished" or probe.status not in ENDED):
        probe_id = probe.id
    else:
        probe_id = server.runs.submit(experiment.probe)
    server.runs.submit(experiment.tune_from(probe_id))


def show(experiment: Experiment, probe: RunRow | None, tune: RunRow | None) -> None:
    """The plan, the progress of its runs, and the button that starts them."""
    plans = [server.runs.plan(experiment.probe), server.runs.plan(replace(experiment.tune, head_epochs=0))]
    st.markdown(
        f"1. A **linear probe** learns from {formats.count(plans[0].n_train, 'image')}, a fifth, on the frozen "
        f"{experiment.probe.backbone}.\n"
        f"2. A **fine-tune** starts from its head and learns from {formats.count(plans[1].n_train)} others.\n"
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
        probed = probe is not None and probe.status == "finished"
        _start_button(experiment, probe, plans[1:] if probed else plans)


def _done(run: RunRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        what = "Probe" if run.config.train_split == "probe20" else "Fine-tune"
        interval = formats.interval(run.accuracy_low, run.accuracy_high)
        st.markdown(f":material/check: **{what}: {formats.percent(run.accuracy)}** ({interval})", width="content")
        components.link("run", "Open", run=run.id)


def _start_button(experiment: Experiment, probe: RunRow | None, plans: list[Plan]) -> None:
    parts = [*(plan.estimate for plan in plans), maps.expected(experiment.tune, plans[-1].n_test)]
    known = [part for part in parts if part]
    runs = "the fine-tune" if len(plans) == 1 else "both runs"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Run the experiment", type="primary", icon=":material/play_arrow:"):
            try:
                with st.spinner("Starting the engine"):
                    start(experiment, probe)
                st.rerun()
            except LabError as error:
                components.show_error(error)
        if len(known) == len(parts):
            about = formats.duration(sum(part.seconds for part in known))
            st.caption(
                f"About {about} for {runs} and the six maps, as measured here",
                width="content",
                help=" ".join(f"{formats.plain(part.basis)}." for part in known),
            )
        else:
            st.caption("The speed of this backbone has not been measured here yet", width="content")
            cost.measure_button(experiment.probe.backbone, experiment.probe.input_size)


def _newest(runs: Sequence[RunRow], config: RunConfig) -> RunRow | None:
    return next((run for run in runs if run.config == config), None)
