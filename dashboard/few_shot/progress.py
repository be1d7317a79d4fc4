"""Few-shot curves that are not whole: one button for all, how far the worker is, a stop."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import streamlit as st

from core import embeddings
from core.embeddings import Source
from core.errors import LabError, Stopped
from core.evaluation.few_shot import Curve
from core.features import throughput
from dashboard import server
from dashboard.ui import components, formats

POLL = 0.7  # seconds between two looks


def show(asked: Mapping[str, Source], curves: Mapping[str, Curve]) -> None:
    """Draw it, by backbone; nothing where every curve is whole."""
    missing = {name: source for name, source in asked.items() if name not in curves or not curves[name].complete}
    if any(map(server.few_shot.measuring_few_shot, missing.values())):
        st.fragment(_live, run_every=POLL)(missing, _points(curves[name] for name in missing if name in curves))
        return
    for source in missing.values():
        error = server.few_shot.few_shot_failed(source)
        if isinstance(error, Stopped):
            st.info("Sizes that are finished are kept: computed again, it goes on from there.", title="Cancelled")
        elif error:
            components.show_error(error)
    if missing:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.button(
                "Compute the curves", type="primary", icon=":material/show_chart:", key="few-shot-compute",
                on_click=_begin, args=(missing,),
            )  # fmt: skip
            st.markdown(f":gray[{'; '.join(_takes(*each) for each in missing.items())}]", width="content")


def _live(missing: Mapping[str, Source], points: int) -> None:
    """A fragment; it has the page drawn anew whenever a size is finished."""
    under_way = {name: source for name, source in missing.items() if server.few_shot.measuring_few_shot(source)}
    found = [server.few_shot.few_shot_curve(source) for source in missing.values()]
    if not under_way or _points(curve for curve in found if curve) > points:
        st.rerun()
    with st.container(border=True):
        for name, source in under_way.items():
            moment = server.few_shot.few_shot_progress(source)
            text = formats.progress(moment) if moment else "Waiting"
            st.progress(moment.fraction if moment else 0.0, text=f"{name} · {text}")
        st.button(
            "Cancel", icon=":material/stop_circle:", key="few-shot-cancel", on_click=_cancel, args=(under_way,)
        )  # fmt: skip


def _points(curves: Iterable[Curve]) -> int:
    return sum(len(curve.points) for curve in curves)


def _takes(name: str, source: Source) -> str:
    count = embeddings.missing(source) + embeddings.missing(replace(source, images="train"))
    if not count:
        return f"{name}: its features are there, seconds"
    text = f"{name}: {formats.count(count, 'image')} to look at first"
    estimate = throughput.estimate(source.backbone, source.input_size, count)
    return f"{text}, about {formats.duration(estimate.seconds)}" if estimate else text


def _begin(missing: Mapping[str, Source]) -> None:
    try:
        for source in missing.values():
            server.few_shot.measure_few_shot(source)
    except LabError as error:
        st.toast(str(error), icon=":material/error:")


def _cancel(under_way: Mapping[str, Source]) -> None:
    for source in under_way.values():
        server.few_shot.cancel_few_shot(source)
