"""Entries of a challenge: predictions for its public and hidden images, by runs or from a file.

An entry is `challenges/<name>/entries/<id>.json` in the home folder. It never changes, and its predictions are never
shown.
"""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from core import people, protocol, quoting, runs, settings, spreadsheets, storage
from core.challenges.challenge import FILE, KIND, Challenge, Cut, Rules, cut, now, original, read
from core.config import RunConfig
from core.data import datasets
from core.errors import AccessError, ConfigError, RunError, closest
from core.evaluation import new_images
from core.progress import Report, silent
from core.runs import Run, RunRow

COLUMNS = ("id", "class")  # of a file of predictions
MOST_BYTES = 20_000_000  # of it


@dataclass(frozen=True)
class Entry:
    """One entry."""

    id: str
    person: str
    name: str  # of the run, or of the file
    at: str  # ISO 8601, UTC
    predictions: tuple[tuple[int, ...], ...]  # of each seed, one for a file: of the images in the order of `Cut`
    run: str = ""  # id of the run, or of an entry of several seeds; "": a file
    images: int | None = None  # labelled ones that each seed learned from, validation included; None for a file
    seconds: float | None = None  # of its training, a mean over seeds


def of(name: str) -> list[Entry]:
    """The entries of a challenge, the oldest first."""
    entries = [storage.find(_kind(name), path.stem, _parse) for path in _folder(name).glob("*.json")]
    return sorted(filter(None, entries), key=lambda entry: entry.at)


def version(name: str) -> Hashable:
    """A value that changes with every entry and when the challenge is closed; cheap to read."""
    file = _folder(name).parent / f"{FILE}.json"
    return file.stat().st_mtime_ns if file.exists() else 0, len(list(_folder(name).glob("*.json")))


def check_run(challenge: Challenge, row: RunRow) -> None:
    """Refuse a run, several seeds or a sweep, of which the chosen run counts, that may not be entered.

    Raises:
        AccessError: It is somebody else's, the challenge takes no entries, or there were enough for today.
        ConfigError: The rules do not allow it or one of its seeds, or it may have learned from the hidden images.
        RunError: It has no result, or a run that it builds on was deleted, and the rules ask about it.
    """
    people.require("enter", row.person)
    if not row.has_result:
        raise RunError(f"Run {row.name} is {row.status} and has no result", "a run that was tested")
    run = row.chosen
    if run.config.dataset != challenge.name:
        raise ConfigError(
            f"Run {run.name} is on the dataset {run.config.dataset}, which may have the hidden images",
            f"a run on {challenge.name}, which does not",
            "Start the same run on that dataset",
        )
    if challenge.rules.runs_only:
        for member in run.runs:
            _check_rules(challenge.rules, member)
    _check_entry(challenge, run.person, run.id)


def enter_run(name: str, run_id: str, report: Report = silent) -> Entry:
    """Enter a run, or all its seeds: they predict the public and the hidden images. Needs a worker's libraries.

    Args:
        run_id: Of a run, or of an entry of several; of a sweep, the chosen run is entered.

    Raises:
        LabError: As `check_run`; or the challenge, the dataset, or files of the run are gone.
        Stopped: `report` raised it; nothing is entered.
    """
    challenge, row = read(name), runs.row(run_id)
    check_run(challenge, row)
    run, dataset, rows = row.chosen, original(challenge), cut(challenge).rows
    predictions = [new_images.classifier(runs.get(member.id))(dataset, rows, report) for member in run.runs]
    title = run.name if len(predictions) == 1 else f"{run.name}, mean of {len(predictions)} seeds"
    return _keep(
        challenge,
        Entry(
            **_new(run.person, title, predictions),
            run=run.id,
            images=int(run.n_train + run.n_val),
            seconds=run.seconds_train,
        ),
    )


def enter_file(name: str, file: str, content: bytes) -> Entry:
    """Enter predictions of the current person from a CSV file with the columns id and class.

    Args:
        file: Its name, which is shown.

    Raises:
        AccessError: The challenge takes no entries, or there were enough for today.
        ConfigError: The rules ask how predictions were made, or the file does not answer for each image once.
    """
    challenge, person = read(name), people.require("enter", people.current_person() or people.LECTURER)
    if challenge.rules.runs_only:
        raise ConfigError(
            f"A file does not tell whether it keeps the rules of {challenge.title}", "a run", "Enter one of your runs"
        )
    _check_entry(challenge, person)
    predictions = parse(content, cut(challenge))
    return _keep(challenge, Entry(**_new(person, quoting.line(file)[:100], [predictions])))


def template(cut: Cut) -> str:
    """A file of predictions in which the classes are missing."""
    return quoting.CSV_LINE.join([",".join(COLUMNS), *(f"{number}," for number in range(1, len(cut.rows) + 1)), ""])


def parse(content: bytes, cut: Cut) -> np.ndarray:
    """Predictions (n,) from a file, in the order of the cut.

    Raises:
        ConfigError: It is no such file, or an id or a class is unknown, missing or there twice.
    """
    lines, images = _lines(content), len(cut.rows)
    classes = {name: index for index, name in enumerate(cut.class_names)}
    predictions = np.full(images, -1)
    for number, text, label in lines:
        where = f"Line {number} of the file"
        image = int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0
        if not 1 <= image <= images:
            raise ConfigError(f"{where}: there is no image {text!r}", f"an id from 1 to {images:,}")
        if predictions[image - 1] >= 0:
            raise ConfigError(f"{where}: the image {image} appears twice", "one line for each image")
        predicted = quoting.of_cell(label, classes)
        if predicted is None:
            raise ConfigError(f"{where}: there is no class {label!r}", "a class of it", closest(label, classes))
        predictions[image - 1] = predicted
    if len(missing := np.flatnonzero(predictions < 0)):
        raise ConfigError(
            f"{len(missing):,} of {images:,} images are missing, the first is {missing[0] + 1}", "a line for each image"
        )
    return predictions


def _lines(content: bytes) -> list[tuple[int, str, str]]:
    """Number, id and class of each line below the head. Raises ConfigError if there are none."""
    if len(content) > MOST_BYTES:
        raise ConfigError(f"The file has {len(content) / 1e6:,.0f} MB", f"at most {MOST_BYTES / 1e6:.0f} MB")
    lines = spreadsheets.read(content, "The file", COLUMNS)
    return [(number, image.strip(), label.strip()) for number, (image, label) in lines]


def _check_rules(rules: Rules, row: RunRow) -> None:
    """Refuse a run that was made in a way that is not allowed, or was taught by such a run."""
    teachers = _teachers(row.config)
    for run in (row, *teachers):
        for what, value, allowed in (
            ("backbone", run.config.backbone, rules.backbones),
            ("method", run.config.method, rules.methods),
        ):
            if allowed and value not in allowed:
                whose = f"run {row.name}" if run is row else f"its teacher {run.name}"
                raise ConfigError(f"The {what} of {whose} is {value}", f"one of {', '.join(allowed)}")
    if not rules.images:
        return
    starts = [runs.get(run.config.start) for run in (row, *teachers) if run.config.start]
    images = _labelled([run.config for run in (row, *teachers, *starts)])
    if images > rules.images:
        others = " and the runs it builds on" if teachers or starts else ""
        raise ConfigError(
            f"Run {row.name}{others} learned from {images:,} labelled images", f"at most {rules.images:,}"
        )


def _teachers(config: RunConfig) -> list[Run]:
    """The teacher of a run, the teacher of that, and so on."""
    if not config.teacher:
        return []
    teacher = runs.get(config.teacher)
    return [teacher, *_teachers(teacher.config)]


def _labelled(made: Sequence[RunConfig]) -> int:
    """How many labelled images runs on the same dataset learned from together, validation included."""
    dataset = datasets.load(made[0].dataset)
    rows = [protocol.choose_rows(dataset, config) for config in made]
    return len(np.unique(np.concatenate([part[split] for part in rows for split in ("train", "val")])))


def _check_entry(challenge: Challenge, person: str, run: str = "") -> None:
    """Refuse an entry that comes too late, or twice, or is one too many for today; the lecturer has no limit."""
    if not challenge.takes_entries:
        raise AccessError(f"{challenge.title} takes no more entries")
    entries = of(challenge.name)
    if run and run in {entry.run for entry in entries}:
        raise ConfigError("This run has been entered before", "another run")
    if person == people.LECTURER:
        return
    today = datetime.now().astimezone().date()
    days = [datetime.fromisoformat(entry.at).astimezone().date() for entry in entries if entry.person == person]
    if (made := days.count(today)) >= challenge.rules.attempts:
        raise AccessError(f"You have entered {made} times today", f"at most {challenge.rules.attempts}", "Try tomorrow")


def _keep(challenge: Challenge, entry: Entry) -> Entry:
    """Store an entry, unless another one of this moment was the last allowed, or is of the same run."""
    with storage.locked(storage.lock_of(_folder(challenge.name))):
        _check_entry(read(challenge.name), entry.person, entry.run)
        storage.keep(_kind(challenge.name), entry.id, asdict(entry))
    return entry


def _new(person: str, name: str, predictions: Sequence[np.ndarray]) -> dict[str, Any]:
    of_seeds = tuple(tuple(seed.tolist()) for seed in predictions)
    return {"id": uuid4().hex[:12], "person": person, "name": name, "at": now(), "predictions": of_seeds}


def _kind(name: str) -> str:
    return f"{KIND}/{name}/entries"


def _folder(name: str) -> Path:
    return settings.home() / _kind(name)


def _parse(value: dict[str, Any]) -> Entry:
    of_seeds = np.atleast_2d(value["predictions"]).tolist()  # entries were single runs at first: one list
    value["predictions"] = tuple(map(tuple, of_seeds))
    return Entry(**value)
