"""The table of runs in plain sentences: the three questions, and what makes an answer unreliable.

Every sentence is computed from measured numbers and from the facts of the backbones, and claims no more than they do.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan

import pandas as pd

from core.backbones import BACKBONES
from core.config import TITLES, TRAINED
from core.metrics import Change
from core.runs import RunRow
from dashboard.ui import findings, formats

MOST_GAINS = 3  # fine-tunes whose gain from unfreezing is reported
CLOSE = 1.1  # ratio of two single timings; a smaller one may be noise


ChangeOfRuns = Callable[[RunRow, RunRow], Change]
Unfreezing = Callable[[RunRow], Change | None]


@dataclass(frozen=True)
class Answer:
    """One of the three questions and its answer."""

    question: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All sentences, one line of Markdown each."""
        return "  \n".join(self.sentences)


def three_questions(runs: Sequence[RunRow], change: ChangeOfRuns, unfreezing: Unfreezing) -> tuple[Answer, ...]:
    """The exercise's questions, answered from the finished ones of these runs; none without such runs.

    Args:
        runs: Tested on the same images: a group of `groups.by_test_images`.
        change: `comparison.of_runs`, or a cached version of it.
        unfreezing: `comparison.unfreezing`, or a cached version of it.
    """
    done = _finished(runs)
    if not done:
        return ()
    by_machine = _grouped(done, lambda run: run.hardware)
    return (
        Answer("Which model was most accurate?", (_most_accurate(done, change, unfreezing),)),
        Answer("Which trained fastest?", tuple(map(_fastest, by_machine))),
        Answer("How does the architecture explain it?", _explanation(done)),
    )


_MUST_AGREE: tuple[tuple[Callable[[RunRow], object], str], ...] = (  # what must agree before runs are compared
    (lambda run: run.n_train, "Accuracies and times depend on the training images: the number of them differs"),
    (lambda run: run.config.train_split, "The runs learned from different parts of the training images"),
    (lambda run: run.config.preprocessing, "The runs used different preprocessing"),
    (lambda run: run.config.input_size, "Accuracies and times depend on the input size, which differs"),
    (lambda run: run.config.method, "Accuracies and times depend on the method, which differs"),
    (lambda run: run.hardware, "Times are not comparable: the hardware differs"),
)


def warnings(runs: Sequence[RunRow]) -> tuple[str, ...]:
    """Reasons why runs tested on the same images are not comparable, one sentence each; empty if they are."""
    done = _finished(runs)
    sentences = []
    for value_of, reason in _MUST_AGREE:
        counts = Counter(map(value_of, done))
        if len(counts) > 1:
            parts = [f"{_plain(value)} ({formats.count(number, 'run')})" for value, number in counts.most_common()]
            sentences.append(f"{reason}: {formats.listed(parts)}.")
    cached = [run for run in done if run.cached]
    if cached and len(done) > 1:
        sentences.append(
            f"Times are not comparable: {_have(cached)} features from the cache, so the extraction is missing "
            "from the time. Compare the seconds of training, or the images/s of a run that extracted."
        )
    untrained = [run for run in done if run.weights_origin == "untrained" and run.config.method != "scratch"]
    if untrained:
        sentences.append(f"{_have(untrained)} untrained weights: nothing was transferred from ImageNet.")
    return tuple(sentences)


def only_differences(frame: pd.DataFrame) -> pd.DataFrame:
    """`run_id`, `name` and the columns in which the runs differ; all columns of a single run."""
    if len(frame) < 2:
        return frame
    return frame[[c for c in frame.columns if c in ("run_id", "name") or frame[c].nunique(dropna=False) > 1]]


def compare(first: RunRow, second: RunRow, change: ChangeOfRuns) -> str:
    """Two runs: by how much the first is better, and whether that is more than chance."""
    one, other = _labels(first, second)
    return findings.change(change(second, first), other, one)


def _most_accurate(runs: Sequence[RunRow], change: ChangeOfRuns, unfreezing: Unfreezing) -> str:
    ranked = _best_first(runs)
    best = ranked[0]
    parts = [
        f"{_label(best)}: {formats.percent(best.accuracy)} of {formats.count(best.n_test, 'test image')} of "
        f"{best.config.dataset} (95 % interval {formats.interval(best.accuracy_low, best.accuracy_high)}), "
        f"measured on {best.hardware}."
    ]
    rival = next((run for run in ranked if run.config.backbone != best.config.backbone), None)
    if rival:
        parts.append(compare(best, rival, change))
    elif len(ranked) > 1:
        parts.append(f"All of these runs use {best.config.backbone}. {compare(best, ranked[1], change)}")
    return " ".join([*parts, *_gains(ranked, unfreezing)])


def _gains(ranked: Sequence[RunRow], unfreezing: Unfreezing) -> list[str]:
    """What unfreezing gave the best fine-tunes."""
    gains = []
    for run in ranked:
        if len(gains) < MOST_GAINS and (change := unfreezing(run)):
            gains.append(f"{_label(run)}: {findings.unfreezing(change)}")
    return list(dict.fromkeys(gains))  # the same run twice says the same


def _fastest(runs: Sequence[RunRow]) -> str:
    """One machine."""
    timed = [run for run in runs if not run.cached]
    if timed:
        ranked = sorted(timed, key=lambda run: run.seconds)
        trained = any(run.config.trains for run in timed)
        did = "from images to a tested result" if trained else "to extract features, train and evaluate"
        seconds = [run.seconds for run in ranked]
        rivals = [i for i, run in enumerate(ranked) if run.config.backbone != ranked[0].config.backbone]
    else:
        timed = runs
        ranked = sorted(timed, key=lambda run: run.seconds_train)
        did = "to train the head on cached features"
        seconds = [run.seconds_train for run in ranked]
        rivals = list(range(1, len(ranked)))
    best = ranked[0]
    parts = [f"{_label(best)} took {formats.duration(seconds[0])} {did}, measured on {best.hardware}."]
    if rivals:
        times = seconds[rivals[0]] / max(seconds[0], 1e-3)
        verdict = f"took {times:.1f} times as long" if times >= CLOSE else "was too close to call from one timing each"
        parts.append(f"The next, {_label(ranked[rivals[0]])}, {verdict}.")
    if left_out := len(runs) - len(timed):
        had = "It" if left_out == 1 else "They"
        parts.append(f"{formats.count(left_out, 'run')} left out: {had.lower()} read features from the cache.")
    return " ".join(parts)


def _explanation(done: Sequence[RunRow]) -> tuple[str, ...]:
    """Facts of the most accurate and of the fastest other backbone, where the time goes, and what goes with what."""
    ranked = _best_first(run for run in done if run.config.backbone in BACKBONES)
    best_of: dict[str, RunRow] = {}
    for run in ranked:
        best_of.setdefault(run.config.backbone, run)
    runs = list(best_of.values())
    if not runs:
        return ("The backbones of these runs are not in the catalog.",)
    shown = [runs[0], *sorted(runs[1:], key=lambda run: run.seconds)[:1]]
    parts = [f"{_facts(run)}." for run in shown]
    cold = [run for run in ranked if not run.cached and not run.config.trains]
    if cold:
        spent = sum(run.seconds_extract for run in cold) / max(sum(run.seconds for run in cold), 1e-9)
        rest = "the backbone decides the time, hardly the head" if spent > 0.5 else "the rest is loading and the head"
        parts.append(f"Extracting features was {100 * spent:.0f} % of the time of probes without a cache: {rest}.")
    published = [(BACKBONES[run.config.backbone].top1, run.accuracy) for run in runs]
    parts += _together(published, "a higher published ImageNet accuracy", "a higher accuracy here")
    if len({(run.hardware, run.config.input_size) for run in runs}) == 1:
        sizes = [(BACKBONES[run.config.backbone].params, 1 / run.images_per_second) for run in runs]
        parts += _together(sizes, "more parameters", "more time an image")
    if len(runs) == 1:
        parts.append("Run a second backbone to see the effect of the architecture.")
    return tuple(parts)


def _facts(run: RunRow) -> str:
    facts = BACKBONES[run.config.backbone]
    text = (
        f"{_label(run)} ({facts.year}) has {facts.depth} layers with weights and {facts.params / 1e6:.1f} M "
        f"parameters, turns {run.config.input_size} px images into {facts.feature_dim:,} features"
    )
    speed = run.images_per_second
    if not isnan(run.trainable_params):
        share = run.trainable_params / run.total_params
        text += f"; {run.trainable_params / 1e6:.2f} M of its parameters ({100 * share:.0f} %) trained"
    if run.config.method == "scratch":
        text += ", and started without pretraining"
    return f"{text}, {formats.rate(speed)} measured" if not isnan(speed) else text


def _together(pairs: Sequence[tuple[float | None, float]], more: str, then: str) -> list[str]:
    """In how many pairs of backbones more of one went with more of the other; nothing below three backbones.

    Args:
        pairs: Cause and effect of each backbone; those with an unknown value are left out.
    """
    complete = [(cause, effect) for cause, effect in pairs if cause is not None and not isnan(cause + effect)]
    if len(complete) < 3:
        return []
    differing = [(a, b) for a, b in combinations(complete, 2) if a[0] != b[0]]
    agreeing = sum((a[0] - b[0]) * (a[1] - b[1]) > 0 for a, b in differing)
    return [f"In {agreeing} of {len(differing)} pairs of backbones, {more} went with {then}."]


def _finished(runs: Sequence[RunRow]) -> list[RunRow]:
    return [run for run in runs if run.status == "finished" and run.has_result]


def _best_first(runs: Iterable[RunRow]) -> list[RunRow]:
    return sorted(runs, key=lambda run: run.accuracy, reverse=True)


def _grouped(runs: Sequence[RunRow], key: Callable[[RunRow], Hashable]) -> list[list[RunRow]]:
    """Groups of equal keys, in the order of the keys."""
    groups: defaultdict[Hashable, list[RunRow]] = defaultdict(list)
    for run in runs:
        groups[key(run)].append(run)
    return [group for _, group in sorted(groups.items(), key=lambda item: str(item[0]))]


def _labels(first: RunRow, second: RunRow) -> tuple[str, str]:
    """Labels of two runs, with their numbers of training images if the labels are otherwise the same."""
    one, other = _label(first), _label(second)
    if one != other or first.n_train == second.n_train:
        return one, other
    images = [formats.count(run.n_train, "training image") for run in (first, second)]
    return f"{one[:-1]}, {images[0]})", f"{other[:-1]}, {images[1]})"


def _label(run: RunRow) -> str:
    mark = ", untrained weights" if run.weights_origin == "untrained" and run.config.method != "scratch" else ""
    how = (
        TITLES.get(run.config.method, run.config.method).lower() if run.config.method in TRAINED else run.config.method
    )
    if run.config.method == "finetune" and run.config.unfreeze in ("layers", "blocks"):
        count, unit = run.config.unfreeze_count, run.config.unfreeze.removesuffix("s")
        how += f" of the last {formats.count(count, unit) if count > 1 else unit}"
    if run.config.preprocessing == "divide255":
        mark = f", pixels divided by 255{mark}"
    return f"{run.config.backbone} ({how}, {run.config.input_size} px{mark})"


def _have(runs: Sequence[RunRow]) -> str:
    return f"{formats.count(len(runs), 'run')} {'has' if len(runs) == 1 else 'have'}"


def _plain(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)
