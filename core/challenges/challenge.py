"""A challenge: what the lecturer opens and closes. It is `challenges/<name>/challenge.json` in the home folder.

The test images of a dataset are cut in two, at random and class by class. The class works on a copy of the dataset in
which the public part is all there is to test on. The hidden part is in the original alone, which nobody but the
lecturer sees until the challenge is closed. So no run can learn from the hidden images, and no page can show how good
one is on them. The datasets that are shipped or downloaded stay visible: their labels are public anyway.
"""

import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core import backbones, people, settings, storage
from core.config import TITLES
from core.data import cifar, datasets, importing
from core.data import dataset as stored
from core.errors import ConfigError, LabError, closest
from core.progress import Report, silent

KIND, FILE = "challenges", "challenge"
PUBLIC = 0.5  # share of the test images in the public part
PUBLISHED = (datasets.SAMPLE, datasets.FLAWED, *cifar.CIFAR)  # datasets whose labels anybody can look up


@dataclass(frozen=True)
class Rules:
    """What may be entered.

    Raises:
        ConfigError: There is no such backbone or method, or a number is too small.
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
    seed: int  # of the cut
    opened: str
    closed: str = ""
    rules: Rules = field(default_factory=Rules)

    @property
    def is_open(self) -> bool:
        """Whether the hidden part is still hidden."""
        return not self.closed

    @property
    def takes_entries(self) -> bool:
        """Whether it is open, and its time is not over."""
        return self.is_open and not self.rules.is_over


@dataclass(frozen=True, eq=False)
class Cut:
    """The test images of a challenge, in an order that tells nothing; image i has the id i + 1."""

    rows: np.ndarray  # (n,) int64, of the source
    labels: np.ndarray  # (n,) int64
    public: np.ndarray  # (n,) bool
    class_names: tuple[str, ...]


def create(title: str, source: str, rules: Rules | None = None, report: Report = silent) -> Challenge:
    """Open a challenge on a dataset, of which a copy without the hidden images is stored under this title.

    The title gets a number if another challenge or dataset has its name.

    Raises:
        AccessError: Who acts is not the lecturer.
        ConfigError: The dataset is a learner's, or too small, or the time for entries is over.
        DatasetError: It cannot be opened or copied, or the title cannot be a name.
        Stopped: `report` raised it; nothing is kept.
    """
    people.demand("run challenges")
    rules = rules or Rules()
    if rules.is_over:
        raise ConfigError(f"Entries end at {rules.until}, which is past", "a later time, or none")
    dataset, seed = datasets.load(source), secrets.randbelow(2**31)
    if dataset.person != people.LECTURER:
        owner = "another open challenge" if dataset.person == people.HELD_BACK else dataset.person
        raise ConfigError(f"The dataset {dataset.title!r} belongs to {owner}", "a dataset of the lecturer")
    test = datasets.splits(dataset)["test"]
    least = np.bincount(dataset.labels[test], minlength=len(dataset.class_names)).min()
    if least < 2:
        raise ConfigError(
            f"A class of {dataset.title!r} has a single test image",
            "2 or more of each class, for the public and the hidden part",
            "Choose a larger dataset",
        )
    hidden = np.setdiff1d(test, _public(dataset, test, seed))
    kept = np.setdiff1d(np.arange(len(dataset.labels)), hidden)
    note = f"Of {dataset.title}, without {len(hidden):,} test images that are hidden."
    taken = {*_known(), *stored.names()}
    title = next(title for name, title in importing.numbered(title) if name not in taken)
    copy = datasets.copy(dataset, title, kept=kept, note=note, report=report)
    challenge = Challenge(copy.name, title, source, dataset.fingerprint, seed, now(), rules=rules)
    if source not in PUBLISHED:
        stored.hold_back(source, True)
    _keep(challenge)
    return challenge


def close(name: str) -> Challenge:
    """Close a challenge: from now on the hidden part decides, and everybody sees it.

    Raises:
        AccessError: Who acts is not the lecturer.
        ConfigError: There is no such challenge.
    """
    people.demand("run challenges")
    challenge = read(name)
    if challenge.closed:
        return challenge
    challenge = replace(challenge, closed=now())
    if challenge.source in stored.names() and stored.person(challenge.source) == people.HELD_BACK:
        stored.hold_back(challenge.source, False)
    _keep(challenge)
    return challenge


def names() -> list[str]:
    """The challenges of this home folder, the newest first, without those whose file is damaged, which is logged."""
    found = sorted(filter(None, map(_find, _known())), key=lambda challenge: challenge.opened, reverse=True)
    return [challenge.name for challenge in found]


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
        DatasetError: The dataset is gone.
        ConfigError: It is another one by now.
    """
    dataset = datasets.load(challenge.source)
    if dataset.fingerprint != challenge.fingerprint:
        raise ConfigError(
            f"The dataset {challenge.source!r} is not the one that {challenge.title} was opened with",
            "the same images and labels",
            "Close the challenge, and open another one",
        )
    test = datasets.splits(dataset)["test"]
    rows = np.random.default_rng(challenge.seed).permutation(test)
    public = np.isin(rows, _public(dataset, test, challenge.seed))
    return Cut(rows, dataset.labels[rows], public, dataset.class_names)


def _public(dataset: datasets.Dataset, test: np.ndarray, seed: int) -> np.ndarray:
    """The rows of the public part."""
    return datasets.subsample(test, dataset.labels[test], round(PUBLIC * len(test)), seed=seed)


def _keep(challenge: Challenge) -> None:
    storage.keep(f"{KIND}/{challenge.name}", FILE, asdict(challenge))


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


def now() -> str:
    """This moment, as times are stored."""
    return datetime.now(UTC).isoformat()
