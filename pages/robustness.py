"""Robustness: finished runs on test images that were made worse, beside each other."""

import streamlit as st

from core.config import TITLES
from core.data import corruptions
from core.errors import LabError, Stopped
from core.evaluation import robustness
from dashboard import server
from dashboard.robustness import curves
from dashboard.ui import choices, components, formats

POLL = 0.7  # seconds between two looks
MOST = 6  # runs beside each other


def _live(asked: list[str], titles: dict[str, str]) -> None:
    """A fragment; it has the page drawn anew whenever a run is done."""
    under_way = [run_id for run_id in asked if server.robustness.measuring_robust(run_id)]
    if len(under_way) < len(asked):
        st.rerun()
    with st.container(border=True):
        for run_id in under_way:
            moment = server.robustness.robust_progress(run_id)
            text = formats.progress(moment) if moment else "Waiting"
            st.progress(moment.fraction if moment else 0.0, text=f"{titles[run_id]} · {text}")
        st.button("Cancel", icon=":material/stop_circle:", key="robust-cancel", on_click=_cancel, args=(under_way,))


def _begin(asked: list[str]) -> None:
    for run_id in asked:
        server.robustness.measure_robust(run_id)


def _cancel(asked: list[str]) -> None:
    for run_id in asked:
        server.robustness.cancel_robust(run_id)


components.page_header("Robustness", "How good is a model on images that are worse than those it learned from?")
components.need_runs()
runs = server.runs.runs_table()
name = choices.dataset()
try:
    image = server.datasets.dataset(name).images[0]
    with st.expander("What is done to the images", expanded=True):
        for column, (title, made) in zip(
            st.columns(len(corruptions.CORRUPTIONS)), curves.preview(image).items(), strict=True
        ):
            column.caption(f"{title}: 1, 3, 5")
            column.image([components.thumbnail(each, 96) for each in made[::2]], width=42)
    done = runs[(runs["status"] == "finished") & (runs["dataset"] == name)].set_index("run_id", drop=False)
    known = done[done["method"].isin([method for method in TITLES if robustness.takes(method)])]
    if known.empty:
        components.empty("No run to ask yet", "A probe or a fine-tune on this dataset can be shown worse images.")
        components.link("train", "Train one", icon=":material/play_circle:")
        st.stop()
    chosen = st.multiselect(
        "Runs", known.index, default=known.index[:1], key="robust-runs", max_selections=MOST,
        format_func=lambda run: choices.run_title(known.loc[run]),
    )  # fmt: skip
    titles = {run: f"{known.at[run, 'backbone']}, {TITLES[known.at[run, 'method']].lower()}" for run in chosen}
    for run in chosen:  # two of one kind are told apart by when they began
        if list(titles.values()).count(titles[run]) > 1:
            titles[run] += f" ({formats.moment(known.at[run, 'created'])})"
    found = {run: server.robustness.robust(run) for run in chosen}
    under_way = [run for run in chosen if server.robustness.measuring_robust(run)]
    missing = [run for run in chosen if found[run] is None and run not in under_way]
    if under_way:
        st.fragment(_live, run_every=POLL)(under_way, titles)
    for error in filter(None, map(server.robustness.robust_failed, missing)):
        if isinstance(error, Stopped):
            st.info("Features that are finished are kept: measured again, it goes on from there.", title="Cancelled")
        else:
            components.show_error(error)
    if missing:
        images = sum(known.loc[missing, "n_test_used"]) * len(corruptions.CORRUPTIONS) * len(corruptions.SEVERITIES)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.button(
                "Show them worse images", type="primary", icon=":material/blur_on:", key="robust-measure",
                on_click=_begin, args=(missing,),
            )  # fmt: skip
            st.markdown(f":gray[Up to {formats.count(images, 'image')} to look at]", width="content")
    components.toy(set(known.loc[chosen, "backbone"]))
    there = {titles[run]: each for run, each in found.items() if each}
    for title, each in there.items():
        st.markdown(curves.sentence(title, each))
    if there:
        components.chart(curves.heat_map(there), key="robust-heat", alt="Mean accuracy of runs by shift")
        components.chart(curves.curves(there), key="robust-curves", alt="Accuracy against severity by shift")
        st.caption(
            "The same test images after six shifts of five severities, in the manner of "
            "[CIFAR-10-C](https://arxiv.org/abs/1903.12261) but made here by a fixed seed, so not comparable with "
            "published figures on it. The heat map averages the five severities; bars are 95 % intervals (Wilson); the "
            f"drop is paired image by image. Measured on {next(iter(there.values())).hardware}."
        )
except LabError as error:
    components.show_error(error)
