"""What runs will do and cost on this machine, said before they start."""

from collections.abc import Sequence

import streamlit as st

from core import heads
from core.config import RunConfig
from core.plan import Plan
from dashboard import formats, resources


def show(configs: Sequence[RunConfig]) -> None:
    """One sentence about what will happen, and a line of time for each run.

    Raises:
        LabError: One of the runs cannot be.
    """
    if not configs:
        st.info("Choose at least one backbone.", icon=":material/account_tree:")
        return
    plans = [resources.plan(config) for config in configs]
    first, plan = configs[0], plans[0]
    who = first.backbone if len(configs) == 1 else f"Each of {len(configs)} backbones, one after the other,"
    st.markdown(
        f"{who} looks at {formats.count(plan.images, 'image')} of {first.dataset}. Then a head "
        f"(**{heads.METHODS[first.method].title.lower()}**) learns from {formats.count(plan.n_train)} of them, "
        f"and is tested once on {formats.count(plan.n_test)} others."
    )
    for config, plan in zip(configs, plans, strict=True):
        _line(config, plan)


def measure_button(backbone: str, input_size: int) -> None:
    """Measure a speed on this machine; while that goes on, the place of the button tells so."""
    if resources.measuring(backbone, input_size):
        st.caption(":material/hourglass_top: Measuring, about ten seconds", width="content")
        _wait(backbone, input_size)
    elif st.button("Measure", icon=":material/speed:", key=f"measure-{backbone}", disabled=_busy()):
        resources.measure(backbone, input_size)
        st.rerun()


def _line(config: RunConfig, plan: Plan) -> None:
    line = f"**{config.backbone}** · {config.input_size} px · {_time(plan)}"
    if plan.estimate and plan.missing:
        st.markdown(f"{line} :green-badge[:material/timer: measured]", help=plan.estimate.basis)
        return
    st.markdown(line)
    if plan.missing:
        measure_button(config.backbone, config.input_size)


def _time(plan: Plan) -> str:
    if not plan.missing:
        return "all features are cached: a few seconds"
    parts = ["its weights are downloaded first"] if plan.download else []
    if plan.missing < plan.images:
        parts.append(f"{formats.count(plan.images - plan.missing)} images are cached")
    if plan.estimate:
        parts.append(f"about {formats.duration(plan.estimate.seconds)} for the features")
    else:
        parts.append("its speed on this machine is not measured yet")
    return ", ".join(parts)


def _busy() -> bool:
    """A speed measured while a run works would be wrong."""
    return not resources.settled() or bool(resources.active_runs())


@st.fragment(run_every=0.5)
def _wait(backbone: str, input_size: int) -> None:
    if not resources.measuring(backbone, input_size):
        st.rerun()
