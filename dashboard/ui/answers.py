"""The table of runs in plain sentences: the three questions, and what makes an answer unreliable.

Every sentence is computed from measured numbers and from the facts of the backbones, and claims no more than they do.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from core import protocol
from core.config import TITLES, TRAIN_SPLITS
from core.evaluation import explanation, leaks
from core.evaluation.leaks import Leaks
from core.metrics import Change
from core.runs import RunRow
from dashboard.ui import explanations, findings, formats, run_labels

MOST_GAINS = 3  # fine-tunes whose gain from unfreezing is reported
CLOSE = 1.1  # ratio of two single timings; a smaller one may be noise


ChangeOfRuns = Callable[[RunRow, RunRow], Change]
Unfreezing = Callable[[RunRow], Change | None]
LeaksOf = Callable[[RunRow], Leaks | None]


@dataclass(frozen=True)
class Answer:
    """One of the three questions and its answer."""

    question: str
    sentences: tuple[str, ...]
    details: tuple[str, ...] = ()  # further sentences, which a page may fold away

    @property
    def text(self) -> str:
        """All sentences, one line of Markdown each."""
        return "  \n".join([*self.sentences, *self.details])


def three_questions(
    runs: Sequence[RunRow],
    dataset: str,
    change: ChangeOfRuns,
    unfreezing: Unfreezing,
    leaks_of: LeaksOf,
    macs: explanations.Macs,
) -> tuple[Answer, ...]:
    """The exercise's questions, answered from the finished ones of these runs; none without such runs.

    Args:
        runs: Tested on the same images: a group of `groups.by_test_images`.
        dataset: What their dataset is called.
        change: `comparison.of_runs`, or a cached version of it.
        unfreezing: `comparison.unfreezing`, or a cached version of it.
        leaks_of: `leaks.of_run` with what is known of its dataset, or a cached version of it.
        macs: Multiply-accumulates of a backbone for one image of a size; None where they are not known.
    """
    done = _finished(runs)
    if not done:
        return ()
    by_machine = _grouped(done, lambda run: run.hardware)
    winner = _most_accurate(done, dataset, change, leaks_of)
    return (
        Answer("Which model was most accurate?", (winner,), tuple(_gains(done, unfreezing))),
        Answer("Which trained fastest?", tuple(line for group in by_machine for line in _fastest(group))),
        Answer("How does the architecture explain it?", explanations.sentences(done, macs)),
    )


_PIXELS = {"own": "as the backbone expects", "divide255": "divided by 255"}
_MUST_AGREE: tuple[tuple[Callable[[RunRow], object], str], ...] = (  # what must agree before runs are compared
    (lambda run: run.n_train, "Accuracies and times depend on the number of training images, which differs"),
    (
        lambda run: formats.within(TRAIN_SPLITS[run.config.train_split]),
        "The runs learned from different parts of the training images",
    ),
    (lambda run: _PIXELS[run.config.preprocessing], "The runs preprocessed pixels differently"),
    (lambda run: f"{run.config.input_size} px", "Accuracies and times depend on the input size, which differs"),
    (lambda run: formats.within(TITLES[run.config.method]), "Accuracies and times depend on the method, which differs"),
    (lambda run: protocol.precision(run.protocol), "Features depend on the precision, which differs"),
    (lambda run: run.hardware, "Times depend on the hardware, which differs"),
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
    one, other = run_labels.two(first, second)
    return findings.change(change(second, first), other, one)


def _most_accurate(runs: Sequence[RunRow], dataset: str, change: ChangeOfRuns, leaks_of: LeaksOf) -> str:
    ranked = _best_first(runs)
    best = ranked[0]
    parts = [
        f"{run_labels.one(best)}: {formats.percent(best.accuracy)} of {formats.count(best.n_test, 'test image')} of "
        f"{dataset} (95 % interval {formats.interval(best.accuracy_low, best.accuracy_high)})."
    ]
    if explanation.mistakes(best):
        parts.append(f"It has a known mistake: {_mistakes(best)}.")
    if leaked := leaks_of(best):
        parts.append(f"But {leaks.sentence(leaked)}.")
    rival = next((run for run in ranked if run.config.backbone != best.config.backbone), None)
    if rival:
        parts.append(compare(best, rival, change))
    elif len(ranked) > 1:
        rival = ranked[1]
        parts.append(f"All of these runs use {best.config.backbone}. {compare(best, rival, change)}")
    if rival and (leaked := leaks_of(rival)) and leaked.images < leaked.n_test:
        name, share = run_labels.two(best, rival)[1], formats.percent(leaked.others.value)
        parts.append(f"Without these test images the accuracy of {name} is {share}.")
    return " ".join(parts)


def _gains(runs: Sequence[RunRow], unfreezing: Unfreezing) -> list[str]:
    """What unfreezing gave the best fine-tunes."""
    gains = []
    for run in _best_first(runs):
        if len(gains) == MOST_GAINS:
            break
        if run.config.method == "finetune" and (change := unfreezing(run)):
            gains.append(f"{run_labels.one(run)}: {findings.unfreezing(change)}")
    return list(dict.fromkeys(gains))  # the same run twice says the same


def _fastest(runs: Sequence[RunRow]) -> list[str]:
    """One machine: training alone, then the whole run."""
    lines = (
        _ranked("Training alone", explanation.fastest(runs, "seconds_train"), "seconds_train"),
        _ranked("The whole run, from images to a tested result", explanation.fastest(runs, "seconds"), "seconds"),
    )
    ranked = [line for line in lines if line]
    return [*ranked[:-1], f"{ranked[-1]} Measured on {runs[0].hardware}."] if ranked else []


def _ranked(what: str, ranking: explanation.Ranking, by: explanation.Time) -> str:
    ranked = ranking.sound or ranking.mistaken
    if not ranked:
        return ""
    best = ranked[0]
    least = getattr(best, by)
    verdict = "was fastest," if len(ranked) > 1 or ranking.mistaken else "took"
    parts = [f"{what}: {run_labels.one(best)} {verdict} {formats.duration(least)}."]
    if not ranking.sound:
        parts.append(f"It has a known mistake: {_mistakes(best)}.")
    for run in ranking.mistaken if ranking.sound else ():
        parts.append(
            f"{run_labels.one(run)} took {formats.duration(getattr(run, by))}, but with a known mistake: "
            f"{_mistakes(run)}."
        )
    if len(ranked) > 1:
        parts.append(f"The next, {_slower(best, ranked[1], by)}.")
        rival = next((run for run in ranked[1:] if run.config.backbone != best.config.backbone), ranked[1])
        if rival is not ranked[1]:
            parts.append(f"The next backbone, {_slower(best, rival, by)}.")
    if ranking.left_out:
        number = formats.count(len(ranking.left_out), "run")
        why = "read features from the cache" if by == "seconds" else "trained nothing"
        parts.append(f"Left out: {number} that {why}.")
    return " ".join(parts)


def _slower(best: RunRow, other: RunRow, by: explanation.Time) -> str:
    seconds = getattr(other, by)
    times = seconds / max(getattr(best, by), 1e-3)
    verdict = f"took {formats.times(times)} as long" if times >= CLOSE else "was too close to call from one timing each"
    return f"{run_labels.two(best, other)[1]}, {verdict} ({formats.duration(seconds)})"


def _mistakes(run: RunRow) -> str:
    return formats.listed(explanation.mistakes(run))


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


def _have(runs: Sequence[RunRow]) -> str:
    return f"{formats.count(len(runs), 'run')} {'has' if len(runs) == 1 else 'have'}"


def _plain(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, float) else str(value)
