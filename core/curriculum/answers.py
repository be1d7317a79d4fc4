"""Answers to the questions of lessons: `answers/` in the home folder, a file for each person.

The first answer to a question counts. Only the lecturer, and who is alone, can take theirs back.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from core import people, settings, storage
from core.curriculum import lessons
from core.errors import ConfigError

KIND, OF_LEARNERS = "answers", "answers/learners"
REWORDED = {  # questions as they were asked before: their answers stay
    "Why does the test split have its own colour on this page?": "Why is the test split kept apart?",
}

Question = tuple[str, str]
"""The name of a lesson, and the question."""


@dataclass(frozen=True)
class Answer:
    """What somebody answered to a question."""

    lesson: str  # its name
    question: str
    option: str  # that was chosen
    right: bool
    time: str  # ISO 8601, UTC


def give(lesson: str, index: int, option: str) -> None:
    """Answer the question of a step (counted from 0), unless the current person has answered it.

    Raises:
        AccessError: There is no current person.
        ConfigError: There is no such lesson, step or option, or the answer cannot be kept.
    """
    step = _step(lesson, index)
    if option not in step.options:
        raise ConfigError(f"There is no option {option!r}", f"one of {', '.join(step.options)}")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    answer = Answer(lesson, step.question, option, option == step.options[0], now)
    _change(people.require("answer"), lambda given: {_key(answer): answer} | given)


def take_back(lesson: str, index: int) -> None:
    """Remove one's own answer to the question of a step.

    Raises:
        AccessError: The current person is a learner.
        ConfigError: As by `give`.
    """
    key = (lesson, _step(lesson, index).question)
    _change(people.require("take answers back"), lambda given: {each: given[each] for each in given if each != key})


def find(lesson: str, index: int) -> Answer | None:
    """The current person's answer to the question of a step."""
    person = people.current_person()
    return None if person is None else _read(person).get((lesson, _step(lesson, index).question))


def of(person: str) -> list[Answer]:
    """Everything that somebody answered, the first first.

    Raises:
        AccessError: The current person may not see it.
    """
    people.require("see answers", person)
    return sorted(_read(person).values(), key=lambda answer: answer.time)


def summary(given: Sequence[Answer]) -> str:
    """ "2 of 3 answers right": without a full stop."""
    return f"{sum(answer.right for answer in given)} of {len(given)} answers right"


def _step(lesson: str, index: int) -> lessons.Step:
    steps = lessons.get(lesson).steps
    if not 0 <= index < len(steps):
        raise ConfigError(f"The lesson {lesson!r} has no step {index + 1}", f"1 to {len(steps)}")
    return steps[index]


def _key(answer: Answer) -> Question:
    return answer.lesson, answer.question


def _read(person: str) -> dict[Question, Answer]:
    return storage.find(*_place(person), _parse) or {}


def _parse(value: dict[str, Any]) -> dict[Question, Answer]:
    given = [
        Answer(**each | {"question": REWORDED.get(each["question"], each["question"])}) for each in value["answers"]
    ]
    return {_key(answer): answer for answer in given}


def _change(person: str, change: Callable[[dict[Question, Answer]], dict[Question, Answer]]) -> None:
    kind, key = _place(person)
    try:
        with storage.locked(storage.lock_of(settings.folder(kind) / key)):
            answers = change(storage.find_to_change(kind, key, _parse) or {}).values()
            storage.keep(kind, key, {"person": person, "answers": [asdict(answer) for answer in answers]})
    except OSError as error:
        reason = error.strerror or error
        remedy = "Make room on the disk of the home folder" if storage.is_full(error) else "Try again"
        raise ConfigError(f"The answer cannot be kept ({reason})", "", remedy) from error


def _place(person: str) -> tuple[str, str]:
    return KIND if person == people.LECTURER else OF_LEARNERS, storage.digest(person)
