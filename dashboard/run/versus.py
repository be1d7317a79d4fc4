"""Two runs on the same images: which one is better, whether that could be chance, and where they differ."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import protocol, sweeps
from core.config import TITLES, ZERO_SHOT
from core.evaluation import comparison
from core.recipes import RECIPES
from core.runs import RunRow, table
from dashboard import server
from dashboard.run import explanation
from dashboard.ui import (
    choices,
    components,
    findings,
    formats,
    image_grid,
    notable_images,
    run_charts,
    run_labels,
)

TAB = "Against another"  # of the page Run
AT_ONCE = 12  # images of each
DECISIVE = (  # columns that determine a result, in the order in which they are shown
    "backbone",
    "recipe",
    "method",
    "weights",
    "input_size",
    "preprocessing",
    "n_train_used",
    "train_split",
    "seed",
    "seeds",
    "pooling",
    "epochs",
    "batch_size",
    "learning_rate",
    "layer_decay",
    "head_epochs",
    "unfreeze",
    "unfreeze_count",
    "batchnorm",
    "optimizer",
    "schedule",
    "augment",
    "teacher",
    "hardware",
)
OF_TRAINING = {"n_train_used", "train_split", "seed", "seeds", "teacher"}  # read by all methods but zero-shot
ALWAYS = {*sweeps.OF_FEATURES, "backbone", "recipe", "method", "weights", "hardware"}
PIXELS = {"own": "own preprocessing", "divide255": "division by 255"}
POOLED = {"norm-avg": "LayerNorm before the pooling", "norm-max": "LayerNorm before max pooling"}  # of a ConvNeXt
POOLED |= {"class": "the class token", "projected": "the class token after the projection"}  # of a transformer
POOLED |= {"patches": "the mean of the patches"}


def show(run: RunRow, runs: Sequence[RunRow]) -> None:
    """Choose another run on the same dataset, and see where the two differ."""
    others = {
        other.id: other
        for other in runs
        if other.config.dataset == run.config.dataset and other.has_result and not _same(run, other)
    }
    if not others:
        components.empty(
            "No other run to compare with yet",
            f"Finish another run on {formats.plain(server.datasets.title(run.config.dataset))} to compare them here.",
        )
        components.link("train", "Start another", icon=":material/play_circle:")
        return
    titles = choices.run_titles(others.values())
    pair(run, others[choices.titled(st.selectbox, "other", "Against", titles)])


def pair(run: RunRow, other: RunRow) -> None:
    """Which of two finished runs is better, what differs between them, and on which images."""
    run, other = run.chosen, other.chosen
    names = names_of(run, other)
    if run.seeds or other.seeds:
        _verdict(run, other, names)
        _what_differs(run, other, names)
        st.caption("Means over seeds have no single answer to an image: open one seed to compare image by image.")
        return
    both = comparison.together(server.runs.predictions(run.id), server.runs.predictions(other.id))
    if both.empty:
        st.warning("They were tested on different images.", title="These two cannot be compared image by image")
        return
    _verdict(run, other, names)
    _what_differs(run, other, names)
    components.chart(
        run_charts.per_class_of_two(server.runs.confusion(run.id), server.runs.confusion(other.id), names),
        key="classes-of-two",
        alt=f"Accuracy of each class, {names[0]} and {names[1]}",
    )
    _images(run, other, both, names)


def _same(run: RunRow, other: RunRow) -> bool:
    """Whether they are one run, or one of them is a seed of the other."""
    return run.covers(other.id) or other.covers(run.id)


def _what_differs(run: RunRow, other: RunRow, names: tuple[str, str]) -> None:
    if len(frame := differences(run, other, names)):
        with st.expander("What differs between them", icon=":material/tune:"):
            st.table(frame, border="horizontal")


def _verdict(run: RunRow, other: RunRow, names: tuple[str, str]) -> None:
    for column, name, shown in zip(st.columns(2, gap="large"), names, (run, other), strict=True):
        column.metric(name, formats.percent(shown.accuracy))
        with column:
            st.caption(f"95 % interval {formats.interval(shown.accuracy_low, shown.accuracy_high)}")
            components.leaks(shown)
    change = server.runs.change(run, other)
    st.markdown(findings.change(change, *names))
    if change.paired:
        chart = run_charts.paired(change.paired, *names)
        components.chart(chart, key="paired", alt="Images right in both, in one, in none")


def _images(run: RunRow, other: RunRow, both: pd.DataFrame, names: tuple[str, str]) -> None:
    """The images that only one of the runs gets right; above them the selected one, as each run sees it."""
    st.subheader("Image by image", anchor=False)
    row = image_grid.selected()
    if row is not None and row in set(both["row"]):
        architectures = run.config.backbone, other.config.backbone
        methods = explanation.methods(architectures, *dict.fromkeys(map(explanation.usual, (run, other))))
        for column, shown, name in zip(st.columns(2, gap="large"), (run, other), names, strict=True):
            with column:
                st.markdown(f"What **{name}** sees")
                explanation.show(shown, row, methods)
    else:
        st.caption(":material/touch_app: Click the text below an image to see what each run looks at.")
    selections = (notable_images.only_first_right, notable_images.only_second_right)
    for column, name, select in zip(st.columns(2, gap="large"), names, selections, strict=True):
        rows = select(both)
        with column:
            st.markdown(f"**Right only by {name}**: {formats.count(len(rows), 'image')}")
            st.caption(f"The true class, then the predictions of {names[0]} and {names[1]}")
            rows = rows[:AT_ONCE]
            true, first, second = (
                image_grid.truth(run, rows),
                image_grid.predicted(run, rows),
                image_grid.predicted(other, rows),
            )
            captions = [f"**{label}**  \n{a}  \n{b}" for label, a, b in zip(true, first, second, strict=True)]
            image_grid.show(run, rows, captions, key=f"only-{name}")


def names_of(run: RunRow, other: RunRow) -> tuple[str, str]:
    """Short names for two runs: at most two settings in which they differ."""
    differences = [(a, b) for a, b in zip(_traits(run), _traits(other), strict=True) if a != b]
    if differences:
        first, second = zip(*differences[:2], strict=True)
        return _called(first), _called(second)
    configs = (run.config, other.config)
    trained = [protocol.unfrozen(config) for config in configs if config.method == "finetune"]
    if len({*trained}) > 1:
        return f"the fine-tune of {trained[0]}", f"the fine-tune of {trained[1]}"
    one, another = run_labels.settings(configs)
    return (one, another) if one != another else ("this run", "the other run")


def differences(run: RunRow, other: RunRow, names: tuple[str, str]) -> pd.DataFrame:
    """What determines their results and differs, a row for each setting; a dash where a method does not read it."""
    values = {name: _decisive(shown) for name, shown in zip(names, (run, other), strict=True)}
    frame = pd.DataFrame(values, index=list(DECISIVE))
    return frame[frame[names[0]] != frame[names[1]]].rename(lambda name: name.replace("_used", "").replace("_", " "))


def _called(traits: Sequence[str]) -> str:
    """One trait, or the first with the second: EfficientNetLite0 (fine-tune)."""
    first, *others = traits
    return f"{first} ({formats.within(others[0])})" if others else first


def _traits(run: RunRow) -> tuple[str, ...]:
    config = run.config
    return (
        config.backbone,
        RECIPES[config.recipe].title if config.recipe in RECIPES else TITLES[config.method],
        f"{config.input_size} px",
        PIXELS[config.preprocessing],
        formats.count(run.n_train, "training image"),
        f"{run.weights_origin} weights",
        "with a teacher" if config.teacher else "without a teacher",
        f"mean of {formats.count(run.n_seeds, 'seed')}" if run.seeds else f"seed {config.seed}",
        POOLED.get(config.pooling, f"{config.pooling} pooling"),
    )


def _decisive(run: RunRow) -> dict[str, str]:
    """The columns of `DECISIVE` as text."""
    values = table([run]).iloc[0].to_dict() | {"method": TITLES[run.config.method]}
    read = {*ALWAYS, *sweeps.settings(run.config)} | (set() if run.config.method == ZERO_SHOT else OF_TRAINING)
    return {name: _shown(name, values[name]) if name in read else "–" for name in DECISIVE}


def _shown(name: str, value: object) -> str:
    if isinstance(value, float):
        return formats.count(value) if name == "n_train_used" else formats.learning_rate(value)
    return str(value) or "none"
