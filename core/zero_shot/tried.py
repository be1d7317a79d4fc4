"""The prompts that people tried on a dataset, with their accuracy on its validation images.

In the home folder, `prompts/<fingerprint>/` has those of the lecturer, and `prompts/learners/<fingerprint>/` a file for
each learner.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from core import metrics, people, settings, storage
from core.metrics import Interval

KIND, OF_LEARNERS = "prompts", "prompts/learners"
MOST = 100  # prompts of a person on a dataset; the newest are kept


@dataclass(frozen=True)
class Prompts:
    """Class names and templates that somebody tried with a model."""

    model: str
    class_names: tuple[str, ...]
    templates: tuple[str, ...]
    right: int  # validation images that are nearest to their own class
    images: int  # validation images
    person: str = people.LECTURER  # who tried them
    at: str = ""  # ISO 8601, UTC

    @property
    def accuracy(self) -> Interval:
        return metrics.wilson(self.right, self.images)

    @property
    def text(self) -> tuple:
        """What was tried, whoever tried it."""
        return self.model, self.class_names, self.templates


def keep(fingerprint: str, tried: Prompts) -> None:
    """Keep prompts that the current person tried on the dataset with this fingerprint, unless they tried them before.

    Raises:
        AccessError: There is no current person.
        OSError: It cannot be written, or those kept before cannot be read.
    """
    person = people.require("start")
    kind, key = f"{KIND if person == people.LECTURER else OF_LEARNERS}/{fingerprint}", storage.digest(person)
    with storage.locked(storage.lock_of(settings.folder(kind) / key)):
        before = storage.find_to_change(kind, key, _parse) or []
        if tried.text not in [prompts.text for prompts in before]:
            new = replace(tried, person=person, at=datetime.now(UTC).isoformat())
            storage.keep(kind, key, [asdict(prompts) for prompts in [*before, new][-MOST:]])


def of(fingerprint: str) -> list[Prompts]:
    """All prompts tried on a dataset, by anyone, the oldest first."""
    prompts: list[Prompts] = []
    for kind in (f"{KIND}/{fingerprint}", f"{OF_LEARNERS}/{fingerprint}"):
        for path in (settings.home() / kind).glob("*.json"):
            prompts += storage.find(kind, path.stem, _parse) or []
    return sorted(prompts, key=lambda one: one.at)


def ranked(tried: Sequence[Prompts]) -> list[Prompts]:
    """The best first: of several people the best of each, of one person all.

    Where several people's best are the same prompts, they count once, for whoever tried them first.

    Args:
        tried: The oldest first.
    """
    best = sorted(tried, key=lambda prompts: -prompts.accuracy.value)
    if len({prompts.person for prompts in best}) < 2:
        return best
    of_person: dict[str, Prompts] = {}
    for prompts in best:
        of_person.setdefault(prompts.person, prompts)
    firsts: dict[tuple, Prompts] = {}
    for prompts in of_person.values():
        firsts.setdefault(prompts.text, prompts)
    return list(firsts.values())


def _parse(stored: list[dict[str, Any]]) -> list[Prompts]:
    for value in stored:
        value |= {name: tuple(value[name]) for name in ("class_names", "templates")}
    return [Prompts(**value) for value in stored]
