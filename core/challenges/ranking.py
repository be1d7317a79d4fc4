"""The ranking of a challenge: on the public images while it is open, on the hidden ones once it is closed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import metrics, people
from core.challenges.challenge import Challenge, Cut
from core.challenges.entries import Entry
from core.data import datasets
from core.metrics import Change, Interval

MIN_RANKS = 3  # ranks without which their correlation says nothing
RECUTS = 400  # other cuts of the same images


@dataclass(frozen=True)
class Place:
    """One entry in the ranking, with its accuracies."""

    entry: Entry
    public: Interval
    hidden: Interval | None = None  # None while the challenge is open
    behind: Change | None = None  # from it to the first, on the hidden images; None for the first, and while open


@dataclass(frozen=True)
class Luck:
    """How far the public ranking was luck, with what other cuts of the same images would have given."""

    correlation: float  # Spearman's, of the public with the hidden ranking; nan if all of either are equal
    others: Interval  # its mean over other cuts, and what 95 % of them lie in
    stays: float  # share of the other cuts in which whoever leads the public part leads the hidden one too
    lead: float  # public minus hidden accuracy of whoever leads the public part, on average over other cuts


def ranked(challenge: Challenge, entries: Sequence[Entry], cut: Cut) -> list[Place]:
    """The best entry of each learner on the public images, and every entry of the lecturer; the first leads.

    Nothing in it depends on the hidden images while the challenge is open.
    """
    public = {entry.id: _right(entry, cut)[:, cut.public] for entry in entries}
    best: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: -public[entry.id].mean()):  # stable: of equals, the older
        best.setdefault(entry.person if entry.person != people.LECTURER else entry.id, entry)
    if challenge.is_open:
        return [Place(entry, _accuracy(public[entry.id])) for entry in best.values()]
    hidden = {entry.id: _right(entry, cut)[:, ~cut.public] for entry in best.values()}
    order = sorted(best.values(), key=lambda entry: -hidden[entry.id].mean())
    return [
        Place(
            entry,
            _accuracy(public[entry.id]),
            _accuracy(hidden[entry.id]),
            metrics.change(hidden[entry.id], hidden[order[0].id]) if entry is not order[0] else None,
        )
        for entry in order
    ]


def accuracies(challenge: Challenge, entries: Sequence[Entry], cut: Cut) -> list[Interval]:
    """The accuracy of each entry on the part that counts now: the public one while the challenge is open."""
    part = cut.public if challenge.is_open else ~cut.public
    return [_accuracy(_right(entry, cut)[:, part]) for entry in entries]


def luck(places: Sequence[Place], cut: Cut) -> Luck | None:
    """Compare the two rankings of a closed challenge; None for fewer than three places.

    How much of a public lead is luck, and how seldom it lasts, is measured by cutting the same images again and again,
    as the lecturer's cut was made.
    """
    if len(places) < MIN_RANKS:
        return None
    right = np.array([_right(place.entry, cut).mean(axis=0) for place in places])  # (places, n), of seeds their mean
    images = np.arange(len(cut.rows))
    recuts = np.zeros((RECUTS, len(images)), bool)
    for seed, public in enumerate(recuts):
        public[datasets.subsample(images, cut.labels, int(cut.public.sum()), seed=seed)] = True
    public, hidden = _accuracies(right, recuts), _accuracies(right, ~recuts)  # (recuts, places)
    correlations, leads = _correlations(public, hidden), public.argmax(axis=1)
    of_lead = np.arange(RECUTS), leads
    low, high = np.nanquantile(correlations, (0.025, 0.975)) if np.isfinite(correlations).any() else (np.nan, np.nan)
    own = _correlations(_accuracies(right, cut.public[None]), _accuracies(right, ~cut.public[None]))
    return Luck(
        correlation=float(own[0]),
        others=Interval(
            float(np.nanmean(correlations)) if np.isfinite(correlations).any() else np.nan, float(low), float(high)
        ),
        stays=float((hidden[of_lead] == hidden.max(axis=1)).mean()),
        lead=float((public[of_lead] - hidden[of_lead]).mean()),
    )


def _right(entry: Entry, cut: Cut) -> np.ndarray:
    """Whether each image is right, (seeds, n) bool; none is if the entry is for another number of images."""
    predictions = np.array(entry.predictions)
    if predictions.shape[-1] != len(cut.labels):
        return np.zeros((1, len(cut.labels)), bool)
    return predictions == cut.labels


def _accuracy(right: np.ndarray) -> Interval:
    """The accuracy, of several seeds their mean, from (seeds, n) bool."""
    seeds, images = right.shape
    if seeds == 1:
        return metrics.wilson(int(right.sum()), images)
    return metrics.mean_of_seeds(right.mean(axis=1).tolist(), images)[0]


def _accuracies(right: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The accuracies (cuts, places) on the images (cuts, n) bool that are chosen."""
    return chosen.astype(np.float32) @ right.T.astype(np.float32) / chosen.sum(axis=1, keepdims=True)


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row (places,) of two arrays; nan where all of a row are equal."""
    ranks = [pd.DataFrame(each).rank(axis=1).to_numpy() - (each.shape[1] + 1) / 2 for each in (first, second)]
    spread = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        return (ranks[0] * ranks[1]).sum(axis=1) / spread
