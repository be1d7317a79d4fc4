"""Challenges: opened, entered and ranked. What is hidden stays in `core.challenges`: pages get accuracies alone."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import streamlit as st

from core import challenges, people
from core.challenges import Challenge, Luck, Place, Rules
from core.runs import RunRow
from dashboard.server import datasets, tasks
from dashboard.server import line as lines
from dashboard.server import runs as runs_of_server
from dashboard.server.seen import seen
from dashboard.server.tasks import Task


@dataclass(frozen=True)
class Standing:
    """A challenge as everybody may see it now."""

    challenge: Challenge
    places: list[Place]  # without their predictions
    entries: pd.DataFrame  # of everybody: id, person, name, images, seconds, accuracy, accuracy_low, accuracy_high
    luck: Luck | None  # of the public ranking; None while the challenge is open
    public: int  # images
    hidden: int  # images


def all_of_them() -> list[Challenge]:
    """Every challenge, the newest first."""
    return [challenges.read(name) for name in challenges.names()]


def of_dataset(name: str) -> Challenge | None:
    """`challenges.of_dataset`."""
    return challenges.of_dataset(name)


@st.cache_data(ttl=1, max_entries=32, show_spinner=False)
def version(name: str) -> Hashable:
    """`challenges.version`, looked at once a second for all who watch."""
    return challenges.version(name)


def standing(name: str) -> Standing:
    """Who leads.

    Raises:
        LabError: The challenge or its dataset is gone.
    """
    return _standing(name, version(name))


def entered(name: str) -> set[str]:
    """The ids of the runs, and of the entries of several seeds, that have been entered."""
    return _entered(name, version(name))


def opening() -> Task:
    """What `begin` began: one challenge is opened at a time."""
    failure = "The challenge cannot be opened"
    return Task("open-challenge", people.on_behalf, failure=failure, line=lines.files)


def begin(title: str, source: str, rules: Rules) -> None:
    """Open a challenge, in a worker.

    Raises:
        AccessError: Who asks is not the lecturer.
    """
    work = (people.require("run challenges"), challenges.create, title, source, rules)
    task = replace(opening(), arguments=work)
    task.begin()
    task.when_done(lambda _opened: _reread())


def close(name: str) -> None:
    """`challenges.close`."""
    challenges.close(name)
    _reread()


@seen
def enter(name: str, run_id: str) -> Task:
    """Enters a run or several seeds for the visitor."""
    work = (people.current_person(), challenges.enter_run, name, run_id)
    return Task(tasks.name("enter", name, run_id), people.on_behalf, work, failure="The run cannot be entered")


@seen
def check(challenge: Challenge, run: RunRow) -> None:
    """`challenges.check_run`, before a worker is asked."""
    challenges.check_run(challenge, run)


def enter_file(name: str, file: str, content: bytes) -> None:
    """`challenges.enter_file`."""
    challenges.enter_file(name, file, content)
    refresh()


def pack(name: str) -> Task:
    """Writes the zip with the images for a notebook."""
    failure = "The images cannot be packed"
    return Task(tasks.name("pack", name), challenges.pack, (name,), failure=failure, line=lines.files)


def packed(name: str) -> Path | None:
    """`challenges.packed`."""
    return challenges.packed(name)


def refresh() -> None:
    """Read challenges again: somebody entered."""
    version.clear()


def _reread() -> None:
    """Read again what a challenge holds back from learners."""
    refresh()
    datasets.refresh()
    runs_of_server.refresh()


@st.cache_data(max_entries=8, show_spinner=False)
def _entered(name: str, stored: Hashable) -> set[str]:
    return {entry.run for entry in challenges.of(name)}


@st.cache_data(max_entries=8, show_spinner=False)
def _standing(name: str, stored: Hashable) -> Standing:
    challenge, entries = challenges.read(name), challenges.of(name)
    cut = challenges.cut(challenge)
    places = challenges.ranked(challenge, entries, cut)
    accuracies = challenges.accuracies(challenge, entries, cut)
    rows = [
        {"id": entry.id, "person": entry.person, "name": entry.name, "images": entry.images, "seconds": entry.seconds}
        | {"accuracy": share.value, "accuracy_low": share.low, "accuracy_high": share.high}
        for entry, share in zip(entries, accuracies, strict=True)
    ]
    columns = ["id", "person", "name", "images", "seconds", "accuracy", "accuracy_low", "accuracy_high"]
    return Standing(
        challenge,
        [replace(place, entry=replace(place.entry, predictions=())) for place in places],
        pd.DataFrame(rows, columns=columns),
        None if challenge.is_open else challenges.luck(places, cut),
        int(cut.public.sum()),
        int((~cut.public).sum()),
    )
