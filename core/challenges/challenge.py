"""A challenge: what the lecturer opens and closes. `challenges/<name>/` in the home folder holds

    challenge.json   its rules, and when it was opened and closed
    cut.json         which images are public and which hidden, with their labels: no page reads it

The test images of a dataset are cut in two, at random and class by class. The class works on a copy of the dataset in
which the public part is all there is to test on. The hidden part is in the original alone, which nobody but the
lecturer sees until the challenge is closed. So no run can learn from the hidden images, and no page can show how good
one is on them. The datasets that are shipped or downloaded stay visible: their labels are public anyway.
"""

import logging
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core import backbones, people, settings, storage
from core.config import TITLES
from core.data import cifar, datasets, duplicates, importing, near_duplicates
from core.data import dataset as stored
from core.errors import ConfigError, DatasetError, LabError, closest
from core.progress import Report, silent

KIND, FILE, CUT = "challenges", "challenge", "cut"
COLUMNS = ("rows", "labels", "public")  # of a cut
PUBLIC = 0.5  # share of the test images in the public part
PUBLISHED = (datasets.SAMPLE, *datasets.CHANGED, *cifar.CIFAR)  # datasets whose labels anybody can look up

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What may be entered.

    Raises:
        ConfigError: There is no such backbone or method, a number is too small, or the time lacks its time zone.
    """

    until: str = ""  # when entries end, ISO 8601 with a time zone; "": when the challenge is closed
    attempts: int = 5  # of a learner, a day
    images: int = 0  # labelled ones to learn from, validation included; 0: all of them
    backbones: tuple[str, ...] = ()  # none: any
    methods: tuple[str, ...] = ()  # none: any

    def __post_init__(self):
        for name in self.backbones:
            backbones.get(name)
        if unknown := set(self.methods) - set(TITLES):
            method = min(unknown)
            raise ConfigError(f"There is no method {method!r}", f"one of {', '.join(TITLES)}", closest(method, TITLES))
        if self.attempts < 1 or self.images < 0:
            raise ConfigError(f"attempts is {self.attempts}, images {self.images}", "1 or more, and 0 or more")
        if self.until and not _has_zone(self.until):
            expected = "a time with a time zone in ISO 8601, such as 2027-01-31T18:00+01:00"
            raise ConfigError(f"Entries would end at {self.until!r}", expected)

    @property
    def is_over(self) -> bool:
        """Whether the time for entries has passed."""
        return bool(self.until) and datetime.fromisoformat(self.until) <= datetime.now(UTC)

    @property
    def runs_only(self) -> bool:
        """Whether they limit how predictions are made, which a file of predictions does not tell."""
        return bool(self.images or self.backbones or self.methods)


@dataclass(frozen=True)
class Challenge:
    """A challenge, open or closed; times are ISO 8601, UTC."""

    name: str  # of the copy of the dataset that the class works on
    title: str
    source: str  # name of the dataset with all its images
    fingerprint: str  # of that dataset
    opened: str
    closed: str = ""
    rules: Rules = field(default_factory=Rules)
    warning: str = ""  # for the lecturer: hidden images that learners nearly see elsewhere, in a sentence

    @property
    def is_open(self) -> bool:
        """Whether the hidden part is still hidden."""
        return not self.closed

    @property
    def takes_entries(self) -> bool:
        """Whether it is open and before its deadline."""
        return self.is_open and not self.rules.is_over


@dataclass(frozen=True, eq=False)
class Cut:
    """The test images of a challenge, in an order that tells nothing; image i has the id i + 1."""

    rows: np.ndarray  # (n,) int64, of the original
    labels: np.ndarray  # (n,) int64
    public: np.ndarray  # (n,) bool
    class_names: tuple[str, ...]


def create(title: str, source: str, rules: Rules | None = None, report: Report = silent) -> Challenge:
    """Open a challenge on a dataset, of which a copy without the hidden images is stored under this title.

    The title gets a number if another challenge or dataset has its name.

    Raises:
        AccessError: The current person is not the lecturer.
        ConfigError: The dataset is a learner's, that of an open challenge or too small, has images of such a one,
            learners see its hidden images in another one, or the time for entries is over.
        DatasetError: It cannot be opened or copied, or the title cannot be a name.
        Stopped: `report` raised it; nothing is kept.
    """
    people.require("run challenges")
    rules = rules or Rules()
    if rules.is_over:
        raise ConfigError(f"Entries end at {rules.until}, which is past", "a later time, or none")
    dataset = datasets.load(source)
    drawn = _draw(dataset)
    hidden = drawn.rows[~drawn.public]
    warning = "" if source in PUBLISHED else _compare(dataset, hidden, report)
    kept = np.setdiff1d(np.arange(len(dataset.labels)), hidden)
    note = f"Of {dataset.title}, without {len(hidden):,} test images that are hidden."
    taken = {*_known(), *stored.names()}
    title = next(title for name, title in importing.numbered(title) if name not in taken)
    copy = datasets.copy(dataset, title, kept=kept, note=note, report=report)
    challenge = Challenge(copy.name, title, source, dataset.fingerprint, now(), rules=rules, warning=warning)
    columns = {column: getattr(drawn, column).tolist() for column in COLUMNS}
    try:
        storage.keep(_folder(challenge), CUT, {**columns, "class_names": drawn.class_names})
        _keep(challenge)
        if source not in PUBLISHED:
            stored.hold_back(source, challenge.name)
        stored.need(copy.name, challenge.name)
    except BaseException:  # an open challenge whose hidden images everybody sees would be worse than none
        stored.release(challenge.name)
        shutil.rmtree(settings.home() / _folder(challenge), ignore_errors=True)
        stored.delete(copy.name)
        raise
    return challenge


def close(name: str) -> Challenge:
    """Close a challenge: from now on the hidden part decides, and everybody sees it.

    Raises:
        AccessError: The current person is not the lecturer.
        ConfigError: There is no such challenge.
    """
    people.require("run challenges")
    challenge = read(name)
    if challenge.is_open:
        challenge = replace(challenge, closed=now())
        _keep(challenge)
    stored.release(name)
    if challenge.source not in {summary.name for summary in datasets.available()}:
        log.warning("The dataset %r of the challenge %s is gone: its ranking stays", challenge.source, name)
    return challenge


def names() -> list[str]:
    """The challenges of this home folder, the newest first, without those whose file is damaged, which is logged."""
    challenges = sorted(filter(None, map(_find, _known())), key=lambda challenge: challenge.opened, reverse=True)
    return [challenge.name for challenge in challenges]


def read(name: str) -> Challenge:
    """A challenge. Raises ConfigError if there is none, or its file is damaged."""
    if challenge := _find(name):
        return challenge
    raise ConfigError(f"There is no challenge {name!r}", "the name of a challenge", closest(name, _known()))


def of_dataset(name: str) -> Challenge | None:
    """The challenge that the class works on with this dataset, if it takes entries."""
    challenge = _find(name)
    return challenge if challenge and challenge.takes_entries else None


def cut(challenge: Challenge) -> Cut:
    """The public and the hidden images of a challenge, with their labels. Nothing of it is for a page.

    Raises:
        ConfigError: Its file is gone or damaged.
    """
    cut = storage.find(_folder(challenge), CUT, _parse_cut)
    if cut is None:
        raise ConfigError(
            f"{settings.home() / _folder(challenge) / CUT}.json is gone or damaged",
            f"the images and labels of {challenge.title}",
            "Restore it from a backup, or delete the folder and open another challenge",
        )
    return cut


def original(challenge: Challenge) -> datasets.Dataset:
    """The dataset with all images of a challenge.

    Raises:
        DatasetError: It is gone.
        ConfigError: It is another one by now.
    """
    dataset = datasets.load(challenge.source)
    if dataset.fingerprint != challenge.fingerprint:
        raise ConfigError(
            f"The dataset {challenge.source!r} is not the one that {challenge.title} was opened with",
            "the same images and labels",
            "Close the challenge, and open another one",
        )
    return dataset


def _draw(dataset: datasets.Dataset) -> Cut:
    """A cut by two seeds, each too long to be guessed: neither the part of an image nor its label follows from its id.

    Raises:
        ConfigError: An open challenge needs the dataset, or it is not the lecturer's or too small.
    """
    if stored.needed(dataset.name):
        raise ConfigError(
            f"Another open challenge needs the dataset {dataset.title!r}",
            "a dataset that none needs",
            "Close that challenge first, or choose another dataset",
        )
    if dataset.person != people.LECTURER:
        raise ConfigError(f"The dataset {dataset.title!r} belongs to {dataset.person}", "a dataset of the lecturer")
    test = datasets.splits(dataset)["test"]
    least = np.bincount(dataset.labels[test], minlength=len(dataset.class_names)).min()
    if least < 2:
        raise ConfigError(
            f"A class of {dataset.title!r} has a single test image",
            "2 or more of each class, for the public and the hidden part",
            "Choose a larger dataset",
        )
    rows = np.random.default_rng(secrets.randbits(128)).permutation(test)
    public = datasets.subsample(test, dataset.labels[test], round(PUBLIC * len(test)), seed=secrets.randbits(128))
    return Cut(rows, dataset.labels[rows], np.isin(rows, public), dataset.class_names)


def _compare(dataset: datasets.Dataset, hidden: np.ndarray, report: Report) -> str:
    """Compare a dataset with those that were imported apart.

    Returns:
        A sentence on hidden images that are nearly images which learners see; "" if there are none.

    Raises:
        ConfigError: Learners see hidden images, or it has images that another open challenge needs.
    """
    everything, to_hide = (set(duplicates.digests(dataset.images[rows])) for rows in (slice(None), hidden))
    held_back, seen, apart = [], [], []
    for other in _others(dataset):
        pixels = importing.reported(other.images, len(other.images), "duplicates", report)
        shared = everything.intersection(duplicates.digests(pixels))
        if other.person == people.HELD_BACK:
            held_back += [other.name] if shared else []
        elif shared & to_hide:
            seen.append(other.name)
        else:
            apart.append(other)
    if held_back:
        raise ConfigError(
            f"An open challenge holds images of {dataset.title!r} back, in {', '.join(held_back)}",
            "images that no other challenge needs",
            "Close that challenge first, or choose another dataset",
        )
    if seen:
        raise ConfigError(
            f"Learners see images that would be hidden, with their labels, in {', '.join(seen)}",
            "images that are in no other dataset",
            "Delete these datasets, or import images that nobody has seen",
        )
    images = dataset.images[hidden]
    counts = [len(near_duplicates.shared(images, other.images, report)) for other in apart]
    nearly = ", ".join(f"{count:,} in {other.title}" for count, other in zip(counts, apart, strict=True) if count)
    return f"Learners see near-duplicates of hidden images, with their labels: {nearly}." if nearly else ""


def _others(dataset: datasets.Dataset) -> Iterator[datasets.Dataset]:
    """The other datasets that were imported; damaged ones show nothing."""
    for name in stored.names():
        if name not in (dataset.name, *PUBLISHED):
            with suppress(DatasetError):
                yield stored.read(name)


def _has_zone(moment: str) -> bool:
    with suppress(ValueError):
        return datetime.fromisoformat(moment).tzinfo is not None
    return False


def _folder(challenge: Challenge) -> str:
    return f"{KIND}/{challenge.name}"


def _keep(challenge: Challenge) -> None:
    storage.keep(_folder(challenge), FILE, asdict(challenge))


def _known() -> list[str]:
    """The names of all challenges, damaged or not."""
    return [path.parent.name for path in (settings.home() / KIND).glob(f"*/{FILE}.json")]


def _find(name: str) -> Challenge | None:
    return storage.find(f"{KIND}/{name}", FILE, _parse) if name in _known() else None


def _parse(value: dict[str, Any]) -> Challenge:
    rules = value["rules"]
    for name in ("backbones", "methods"):
        rules[name] = tuple(rules[name])
    try:
        value["rules"] = Rules(**rules)
        return Challenge(**value)
    except LabError as error:  # a backbone of another version
        raise ValueError(str(error)) from error


def _parse_cut(value: dict[str, list]) -> Cut:
    columns = {column: np.array(value[column]) for column in COLUMNS}
    return Cut(**columns, class_names=tuple(value["class_names"]))


def now() -> str:
    """This moment, as times are stored."""
    return datetime.now(UTC).isoformat()
