"""Two runs on the same images: which is better and whether that is chance, class by class, image by image."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.config import TITLES
from core.evaluation import comparison
from core.recipes import RECIPES
from core.runs import RunRow, table
from dashboard import server
from dashboard.run import explanation
from dashboard.ui import answers, choices, components, findings, formats, image_grid, notable_images, run_charts

TAB = "Against another"  # of the page Run
AT_ONCE = 12  # images of each
DECIDE = (  # what decides a result, in the order in which it is read
    "backbone",
    "recipe",
    "method",
    "weights",
    "input_size",
    "preprocessing",
    "n_train_used",
    "train_split",
    "seed",
    "pooling",
    "epochs",
    "batch_size",
    "learning_rate",
    "head_epochs",
    "unfreeze",
    "unfreeze_count",
    "batchnorm",
    "optimizer",
    "schedule",
    "augment",
    "hardware",
)
SIDES = {"class": "before the projection", "projected": "after the projection"}  # of a CLIP's features


def show(run: RunRow, runs: Sequence[RunRow]) -> None:
    """Choose another run of the same dataset, and see where the two differ."""
    others = {
        other.id: other
        for other in runs
        if other.config.dataset == run.config.dataset and other.id != run.id and other.has_result
    }
    if not others:
        components.empty(
            "Nothing to hold it against yet", f"Another finished run on {run.config.dataset} can be chosen here."
        )
        components.link("train", "Start another", icon=":material/play_circle:")
        return
    titles = {other.id: choices.run_title(other) for other in others.values()}
    if st.session_state.get("other") not in titles:  # it is of another dataset, or is the run itself by now
        st.session_state.pop("other", None)
    other = others[choices.titled(st.selectbox, "other", "Against", titles)]
    names = names_of(run, other)
    both = comparison.together(server.runs.predictions(run.id), server.runs.predictions(other.id))
    if both.empty:
        st.warning("They were tested on different images.", title="These two cannot be compared image by image")
        return
    _verdict(run, other, names)
    if (decided := _differences(run, other, names)) is not None:
        with st.expander("What differs between them", icon=":material/tune:"):
            st.table(decided, border="horizontal")
    components.chart(
        run_charts.per_class_of_two(server.runs.confusion(run.id), server.runs.confusion(other.id), names),
        key="classes-of-two",
        alt=f"Accuracy of each class, {names[0]} beside {names[1]}",
    )
    _images(run, other, both, names)


def _verdict(run: RunRow, other: RunRow, names: tuple[str, str]) -> None:
    for column, name, each in zip(st.columns(2, gap="large"), names, (run, other), strict=True):
        column.metric(name, formats.percent(each.accuracy))
        column.caption(f"95 % interval {formats.interval(each.accuracy_low, each.accuracy_high)}")
    change = server.runs.change(run, other)
    st.markdown(findings.change(change, *names))
    if change.paired:
        chart = run_charts.paired(change.paired, *names)
        components.chart(chart, key="paired", alt="Images right in both, in one, in none")


def _images(run: RunRow, other: RunRow, both: pd.DataFrame, names: tuple[str, str]) -> None:
    """Those that only one of them gets right, and above them the one that was chosen, in the eyes of each."""
    st.subheader("Image by image", anchor=False)
    row = image_grid.asked()
    if row is not None and row in set(both["row"]):
        for place, each, name in zip(st.columns(2, gap="large"), (run, other), names, strict=True):
            with place:
                st.markdown(f"In the eyes of **{name}**")
                explanation.show(each, row)
    else:
        st.caption(":material/touch_app: Press what is said of an image to see what each of them looks at.")
    columns = st.columns(2, gap="large")
    for place, name, pick in zip(
        columns, names, (notable_images.only_first_right, notable_images.only_second_right), strict=True
    ):
        rows = pick(both)
        with place:
            st.markdown(f"**Only right: {name}**, on {formats.count(len(rows), 'image')}")
            st.caption(f"The truth, then what {names[0]} and {names[1]} say")
            rows = rows[:AT_ONCE]
            told = zip(
                image_grid.truth(run, rows), image_grid.said(run, rows), image_grid.said(other, rows), strict=True
            )
            image_grid.show(run, rows, [f"**{true}**  \n{one}  \n{two}" for true, one, two in told], key=f"only-{name}")


def names_of(run: RunRow, other: RunRow) -> tuple[str, str]:
    """What tells two runs apart, in as few words as that takes."""
    kinds = (
        lambda each: each.config.backbone,
        lambda each: RECIPES[each.config.recipe].title if each.config.recipe in RECIPES else TITLES[each.config.method],
        lambda each: f"{each.config.input_size} px",
        lambda each: formats.count(each.n_train, "training image"),
        lambda each: f"{each.weights_origin} weights",
        lambda each: f"seed {each.config.seed}",
        lambda each: SIDES.get(each.config.pooling, f"{each.config.pooling} pooling"),
    )
    told = [(kind(run), kind(other)) for kind in kinds if kind(run) != kind(other)]
    if not told:
        return "This run", "The other run"
    first, second = zip(*told[:2], strict=True)
    return ", ".join(first), ", ".join(second)


def _differences(run: RunRow, other: RunRow, names: tuple[str, str]) -> pd.DataFrame | None:
    frame = answers.only_differences(table([run, other]))
    shown = [name for name in DECIDE if name in frame.columns]
    if not shown:
        return None
    columns = frame[shown].astype(str).T.set_axis(list(names), axis=1)
    return columns.set_axis([name.replace("_used", "").replace("_", " ") for name in shown])
