"""What the table of runs says, in plain sentences: the three questions, and what makes an answer shaky.

Every sentence is computed from measured numbers and from the facts of the backbones, and claims no more than they do.
"""

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from core.backbones import BACKBONES
from core.config import TITLES, TRAINED
from core.metrics import wilson
from dashboard.ui import formats

MOST_GAINS = 3  # fine-tunes of which it is said what unfreezing gave
CLOSE = 1.1  # times as long: two single timings nearer than this may be noise


@dataclass(frozen=True)
class Answer:
    """One of the three questions and what the runs say."""

    question: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All sentences, a line of Markdown each."""
        return "  \n".join(self.sentences)


def three_questions(frame: pd.DataFrame) -> tuple[Answer, ...]:
    """The exercise's questions, answered from finished runs (columns of `runs.table`); none without such runs."""
    done = _finished(frame)
    if done.empty:
        return ()
    return (
        Answer("Which model was most accurate?", tuple(_most_accurate(part) for _, part in done.groupby("dataset"))),
        Answer("Which trained fastest?", tuple(_fastest(part) for _, part in done.groupby(["dataset", "hardware"]))),
        Answer("How does the architecture explain it?", _explanation(done)),
    )


def warnings(frame: pd.DataFrame) -> tuple[str, ...]:
    """Why numbers of these runs may not be compared, a sentence each; none when they may."""
    done = _finished(frame)
    found = []
    for column, what in (
        ("dataset", "Accuracies are not comparable: the datasets differ"),
        ("n_test_used", "Accuracies were measured on different test images: the number of them differs"),
        ("n_train_used", "Accuracies and times depend on the training images: the number of them differs"),
        ("train_split", "The runs learned from different parts of the training images"),
        ("preprocessing", "The runs saw differently prepared pixels: preprocessing differs"),
        ("input_size", "Accuracies and times depend on the input size, which differs"),
        ("method", "Accuracies and times depend on the method, which differs"),
        ("hardware", "Times are not comparable: the hardware differs"),
    ):
        counts = done[column].value_counts()
        if len(counts) > 1:
            parts = [f"{_plain(value)} ({formats.count(number, 'run')})" for value, number in counts.items()]
            found.append(f"{what}: {formats.listed(parts)}.")
    cached = _cached(done)
    if cached.any() and len(done) > 1:
        found.append(
            f"Times are not comparable: {_have(done[cached])} features from the cache, so the extraction is missing "
            "from the time. Compare the seconds of training, or the images/s of a run that extracted."
        )
    untrained = done[(done["weights_origin"] == "untrained") & (done["method"] != "scratch")]
    if len(untrained):
        found.append(f"{_have(untrained)} untrained weights: nothing was transferred from ImageNet.")
    return tuple(found)


def only_differences(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns in which the runs differ, beside `run_id` and `name`; all columns of a single run."""
    if len(frame) < 2:
        return frame
    return frame[[c for c in frame.columns if c in ("run_id", "name") or frame[c].nunique(dropna=False) > 1]]


def compare(first: pd.Series, second: pd.Series) -> str:
    """Two runs on the same test images: by how much the first is better, and whether that is more than chance."""
    points = 100 * (first["accuracy"] - second["accuracy"])
    better, worse, points = (first, second, points) if points >= 0 else (second, first, -points)
    one, other = _labels(better, worse)
    if better["accuracy_low"] > worse["accuracy_high"]:
        return f"{one} is {points:.1f} points better than {other}; the intervals do not overlap."
    return (
        f"{one} and {other} are {points:.1f} points apart: too close to call on "
        f"{formats.count(min(better['n_test_used'], worse['n_test_used']), 'test image')}."
    )


def _most_accurate(frame: pd.DataFrame) -> str:
    """One dataset."""
    ranked = frame.sort_values("accuracy", ascending=False)
    best = ranked.iloc[0]
    parts = [
        f"{_label(best)}: {formats.percent(best['accuracy'])} of {formats.count(best['n_test_used'], 'test image')} of "
        f"{best['dataset']} (95 % interval {formats.interval(best['accuracy_low'], best['accuracy_high'])}), "
        f"measured on {best['hardware']}."
    ]
    others = ranked[ranked["backbone"] != best["backbone"]]
    if len(others):
        parts.append(compare(best, others.iloc[0]))
    elif len(ranked) > 1:
        parts.append(f"All of these runs use {best['backbone']}. {compare(best, ranked.iloc[1])}")
    return " ".join([*parts, *_gains(ranked)])


def _gains(frame: pd.DataFrame) -> list[str]:
    """What unfreezing gave each fine-tune over its own frozen stage, on the same test images."""
    tuned = frame[frame["frozen_accuracy"].notna()]
    said = []
    for _, run in tuned.head(MOST_GAINS).iterrows():
        points = f"{100 * (run['accuracy'] - run['frozen_accuracy']):+.1f} points"
        before, after = formats.percent(run["frozen_accuracy"]), formats.percent(run["accuracy"])
        said.append(f"Unfreezing brought {_label(run)} from {before} to {after}: {points}{_doubt(run)}.")
    return list(dict.fromkeys(said))  # the same run twice says the same


def _doubt(run: pd.Series) -> str:
    """Where the intervals of both stages overlap."""
    tested = int(run["n_test_used"])
    frozen = wilson(round(run["frozen_accuracy"] * tested), tested)
    apart = max(frozen.low, run["accuracy_low"]) > min(frozen.high, run["accuracy_high"])
    return "" if apart else f", too close to call on {formats.count(tested, 'test image')}"


def _fastest(frame: pd.DataFrame) -> str:
    """One dataset on one machine."""
    cold = frame[~_cached(frame)]
    column, what = ("seconds", "to extract features, train and evaluate")
    if cold["method"].isin(TRAINED).any():
        what = "from images to a tested result"
    if cold.empty:
        cold, column, what = frame, "seconds_train", "to train the head on cached features"
    ranked = cold.sort_values(column)
    best = ranked.iloc[0]
    parts = [f"{_label(best)} took {formats.duration(best[column])} {what}, measured on {best['hardware']}."]
    others = ranked[ranked["backbone"] != best["backbone"]] if column == "seconds" else ranked.iloc[1:]
    if len(others):
        times = others.iloc[0][column] / max(best[column], 1e-3)
        verdict = f"took {times:.1f} times as long" if times >= CLOSE else "was too close to call from one timing each"
        parts.append(f"The next, {_label(others.iloc[0])}, {verdict}.")
    if left_out := len(frame) - len(cold):
        had = "It" if left_out == 1 else "They"
        parts.append(f"{formats.count(left_out, 'run')} left out: {had.lower()} read features from the cache.")
    return " ".join(parts)


def _explanation(frame: pd.DataFrame) -> tuple[str, ...]:
    """Facts of the two most telling backbones, where the time goes, and what goes with what over all of them."""
    chosen = frame[frame["backbone"].isin(BACKBONES)].sort_values("accuracy", ascending=False)
    runs = chosen.drop_duplicates("backbone")  # the best of each
    if runs.empty:
        return ("These runs use backbones of which no facts are known.",)
    shown = [runs.iloc[0]] if len(runs) == 1 else [runs.iloc[0], runs.loc[runs.iloc[1:]["seconds"].idxmin()]]
    parts = [f"{_facts(run)}." for run in shown]
    cold = chosen[~_cached(chosen) & ~chosen["method"].isin(TRAINED)]
    if len(cold):
        spent = cold["seconds_extract"].sum() / max(cold["seconds"].sum(), 1e-9)
        rest = "the backbone decides the time, hardly the head" if spent > 0.5 else "the rest is loading and the head"
        parts.append(f"Extracting features was {100 * spent:.0f} % of the time of probes without a cache: {rest}.")
    rows = pd.DataFrame(
        {
            "params": [BACKBONES[name].params for name in runs["backbone"]],
            "top1": [BACKBONES[name].top1 for name in runs["backbone"]],
            "accuracy": runs["accuracy"].to_numpy(),
            "per_image": 1 / runs["images_per_second"].to_numpy(float),
        }
    )
    if runs["dataset"].nunique() == 1:
        parts += _together(rows, "top1", "accuracy", "a higher published ImageNet accuracy", "a higher accuracy here")
    if runs["hardware"].nunique() == 1 and runs["input_size"].nunique() == 1:
        parts += _together(rows, "params", "per_image", "more parameters", "more time an image")
    if len(runs) == 1:
        parts.append("Run a second backbone to see what the architecture changes.")
    return tuple(parts)


def _facts(run: pd.Series) -> str:
    facts = BACKBONES[run["backbone"]]
    text = (
        f"{_label(run)} ({facts.year}) has {facts.depth} layers with weights and {facts.params / 1e6:.1f} M "
        f"parameters, turns {run['input_size']} px images into {facts.feature_dim:,} features"
    )
    speed = run["images_per_second"]
    if pd.notna(run["trainable_params"]):
        share = run["trainable_params"] / run["total_params"]
        text += f"; {run['trainable_params'] / 1e6:.2f} M of its parameters ({100 * share:.0f} %) trained"
    if run["method"] == "scratch":
        text += ", and had learned nothing before"
    return f"{text}, {formats.rate(speed)} measured" if pd.notna(speed) else text


def _together(rows: pd.DataFrame, cause: str, effect: str, more: str, then: str) -> list[str]:
    """In how many pairs of backbones more of one went with more of the other; silent below three backbones."""
    rows = rows.dropna(subset=[cause, effect])
    if len(rows) < 3:
        return []
    pairs = [(a, b) for a, b in combinations(rows.to_dict("records"), 2) if a[cause] != b[cause]]
    agree = sum((a[cause] - b[cause]) * (a[effect] - b[effect]) > 0 for a, b in pairs)
    return [f"In {agree} of {len(pairs)} pairs of backbones, {more} went with {then}."]


def _finished(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["status"] == "finished") & frame["accuracy"].notna()]


def _cached(frame: pd.DataFrame) -> pd.Series:
    return frame["cached"].astype(bool)


def _labels(first: pd.Series, second: pd.Series) -> tuple[str, str]:
    """Labels of two runs, told apart by their training images where all else that is said of them is the same."""
    one, other = _label(first), _label(second)
    if one == other and first["n_train_used"] != second["n_train_used"]:
        return tuple(
            f"{label[:-1]}, {formats.count(run['n_train_used'], 'training image')})"
            for label, run in ((one, first), (other, second))
        )
    return one, other


def _label(run: pd.Series) -> str:
    mark = ", untrained weights" if run["weights_origin"] == "untrained" and run["method"] != "scratch" else ""
    how = TITLES.get(run["method"], run["method"]).lower() if run["method"] in TRAINED else run["method"]
    if run["method"] == "finetune" and run["unfreeze"] in ("layers", "blocks"):
        count, each = int(run["unfreeze_count"]), run["unfreeze"].removesuffix("s")
        how += f" of the last {f'{count} {each}s' if count > 1 else each}"
    if run["preprocessing"] == "divide255":
        mark = f", pixels divided by 255{mark}"
    return f"{run['backbone']} ({how}, {run['input_size']} px{mark})"


def _have(frame: pd.DataFrame) -> str:
    return f"{formats.count(len(frame), 'run')} {'has' if len(frame) == 1 else 'have'}"


def _plain(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)
