"""Architectures side by side, each figure marked as computed from the real graph, cited, or measured here."""

from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from core import backbones
from core.anatomy import Anatomy
from core.backbones import Backbone
from core.curriculum import verdicts
from core.errors import LabError
from dashboard import server
from dashboard.train import cost
from dashboard.ui import components, formats

MISSING = "–"


def headline(spec: Backbone, anatomy: Anatomy | None) -> str:
    """The architecture in one line, with figures from its graph once that has been read."""
    parts = [str(spec.year), f"{formats.millions(spec.params)} parameters"]
    if spec.params_top:
        parts[-1] += f", {formats.millions(spec.params_top)} with its ImageNet classifier"
    parts.append(f"{spec.depth} layers with weights{counted(spec)}")
    if anatomy:
        parts.append(f"{formats.millions(anatomy.macs)} MACs at {anatomy.input_size} px")
    return " · ".join(parts)


def compare(first: Anatomy, others: Sequence[str]) -> None:
    """A table with one column per architecture, and one sentence on how each differs."""
    anatomies: dict[str, Anatomy] = {first.backbone: first}
    waiting = []
    for name in others:
        try:
            other = server.anatomy.describe(name, size_for(name, first.input_size))
        except LabError as error:
            components.show_error(error)
            continue
        if other:
            anatomies[name] = other
        else:
            waiting.append(name)
    if len(anatomies) > 1:
        speeds = server.throughput.table()
        st.table(table(list(anatomies.values()), speeds), border="horizontal")
        _measure(list(anatomies.values())[1:], speeds)
        for name in list(anatomies)[1:]:
            st.markdown(sentence(first, anatomies[name]))
        hardware = speeds["hardware"]
        st.caption(
            f"Computed: from the real network at this input size. Cited: {'; '.join(_sources(anatomies))}. "
            + (f"Measured: on {hardware.iloc[0]}." if len(hardware) else "No speed has been measured yet.")
        )
    if waiting:
        st.skeleton(height=120)
        _wait(tuple(waiting), first.input_size)


def _measure(others: Sequence[Anatomy], speeds: pd.DataFrame) -> None:
    """A button for each other architecture whose speed is unknown; the first one's speed is part of its plan."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for other in others:
            if _speed(other, speeds) is None:
                cost.measure_button(other.backbone, other.input_size, f"Measure {other.backbone}")


def _speed(anatomy: Anatomy, speeds: pd.DataFrame) -> float | None:
    rows = speeds[(speeds["backbone"] == anatomy.backbone) & (speeds["input_size"] == anatomy.input_size)]
    return rows["images_per_second"].iloc[0] if len(rows) else None


def size_for(name: str, size: int) -> int:
    """The size of the comparison, or the nearest size that the other supports."""
    return backbones.get(name).nearest_size(size)


def counted(spec: Backbone) -> str:
    """A remark on the depth of a transformer."""
    return ", each transformer block counted as one" if spec.family == backbones.CLIP else ""


def table(anatomies: Sequence[Anatomy], speeds: pd.DataFrame) -> pd.DataFrame:
    """One row per figure with its mark, one column per architecture, in Markdown.

    Args:
        speeds: `backbone`, `input_size` and `images_per_second`, measured on this machine.
    """
    return pd.DataFrame(
        {anatomy.backbone: _column(anatomy, backbones.get(anatomy.backbone), speeds) for anatomy in anatomies}
    )


def sentence(first: Anatomy, other: Anatomy) -> str:
    """How another architecture differs in size and arithmetic: "VGG16 has 6.5 times the parameters of ..."."""
    text = (
        f"{other.backbone} has {_times(other.params, first.params)} the parameters and "
        f"{_times(other.macs, first.macs)} the MACs of {first.backbone}"
    )
    if other.input_size != first.input_size:
        only = backbones.get(other.backbone).max_size == other.input_size
        text += f", at {other.input_size} px, its {'only' if only else 'smallest'} input size"
    return text + f"; its layers produce {_times(other.activations, first.activations)} the activations."


def _column(anatomy: Anatomy, spec: Backbone, speeds: pd.DataFrame) -> dict[str, str]:
    computed, cited, measured = ":blue-badge[computed]", ":gray-badge[cited]", ":green-badge[measured]"
    size, speed = f"{anatomy.input_size} px", _speed(anatomy, speeds)
    return {
        f"Input {computed}": size,
        f"Parameters {computed}": f"{anatomy.params:,}",
        f"Depth, layers with weights {computed}": f"{anatomy.depth}{counted(spec)}",
        f"MACs of an image {computed}": formats.millions(anatomy.macs),
        f"Activations of an image {computed}": formats.storage(4 * anatomy.activations),
        f"Features {computed}": f"{anatomy.layers[-1].shape[-1]:,}",
        f"Receptive field {computed}": f"{max(anatomy.receptive)} px" if anatomy.receptive else "the whole image",
        f"Speed {measured}": formats.rate(speed) if speed is not None else MISSING,
        f"Year {cited}": str(spec.year),
        f"Trained for {cited}": f"{spec.default_size} px",
        f"ImageNet top-1 {cited}": _top1(spec),
        f"ImageNet top-5 {cited}": f"{spec.top5:.1f} %" if spec.top5 is not None else MISSING,
        f"CPU, a step of 32 images {cited}": f"{spec.cpu_ms:.1f} ms" if spec.cpu_ms is not None else MISSING,
        f"GPU, a step of 32 images {cited}": f"{spec.gpu_ms:.1f} ms" if spec.gpu_ms is not None else MISSING,
        **_verdict(spec),
    }


def _verdict(spec: Backbone) -> dict[str, str]:
    verdict = verdicts.of(spec)
    if verdict is None:
        return {"Strengths": MISSING, "Weaknesses": MISSING, "When to use it": MISSING}
    strengths, weaknesses = (" ".join(map(verdicts.text, claims)) for claims in (verdict.strengths, verdict.weaknesses))
    return {"Strengths": strengths, "Weaknesses": weaknesses, "When to use it": verdict.use}


def _sources(names: Iterable[str]) -> list[str]:
    """The publications of the cited figures, each once."""
    specs = [backbones.get(name) for name in names]
    return list(dict.fromkeys(spec.zero_shot_source if spec.zero_shot else spec.source for spec in specs))


def _top1(spec: Backbone) -> str:
    if spec.zero_shot is not None:
        return f"{spec.zero_shot:.1f} %, zero-shot"
    return f"{spec.top1:.1f} %" if spec.top1 is not None else MISSING


def _times(this: float, that: float) -> str:
    return f"{this / that:.1f} times" if this / that >= 0.095 else f"{this / that:.2f} times"


@st.fragment(run_every=0.4)
def _wait(names: tuple[str, ...], size: int) -> None:
    if not any(server.anatomy.reading(name, size_for(name, size)) for name in names):
        components.redraw()
