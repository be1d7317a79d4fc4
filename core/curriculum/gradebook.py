"""The gradebook: who did which task of a lesson, and what they answered to its questions."""

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from core import people, roster
from core.curriculum import answers, lessons, tasks
from core.runs import RunRow

COLUMNS = ["person", "lesson", "step", "title", "done", "question", "answer", "right", "answered"]


def table(rows: Sequence[RunRow]) -> pd.DataFrame:
    """One row for each person and step of a lesson, see `COLUMNS`; learners in the order of joining, the lecturer last.

    A task is done by runs of one's own, archived or not. Empty cells: the step has no task, or its question was not
    answered.

    Args:
        rows: Every run.

    Raises:
        AccessError: The current person may not see it.
    """
    runs_of = defaultdict(list)
    for row in rows:
        runs_of[row.person].append(row)
    learners = dict.fromkeys([*roster.names(), *runs_of])
    learners.pop(people.LECTURER, None)
    records = [record for person in (*learners, people.LECTURER) for record in _steps(person, runs_of[person])]
    return pd.DataFrame(records, columns=COLUMNS).astype({"done": "boolean", "right": "boolean"})


def summary(gradebook: pd.DataFrame) -> pd.DataFrame:
    """How many tasks of each lesson each person has done, and how many questions they answered, and how many right."""
    groups = gradebook.groupby(["person", "lesson"], sort=False)
    counted = groups.agg(
        done=("done", "sum"), tasks=("done", "count"), answered=("right", "count"), right=("right", "sum")
    )
    return counted.join(groups.size().rename("questions")).reset_index()


def _steps(person: str, own: Sequence[RunRow]) -> list[dict]:
    given = {(answer.lesson, answer.question): answer for answer in answers.of(person)}
    records = []
    for name, lesson in lessons.LESSONS.items():
        for number, step in enumerate(lesson.steps, start=1):
            record = {"person": people.called(person), "lesson": name, "step": number, "title": step.title}
            record["question"] = step.question
            if step.is_task:
                record["done"] = not tasks.lacking(lesson, step, own)
            if answer := given.get((name, step.question)):
                record |= {"answer": answer.option, "right": answer.right, "answered": answer.time}
            records.append(record)
    return records
