"""Questions of lessons: the first answer of a learner counts, and is for them and the lecturer alone to see."""

import errno
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from core import people, roster
from core.curriculum import answers, gradebook, lessons
from core.curriculum.lessons import LESSONS, Lesson, Step
from core.errors import AccessError, ConfigError
from tests.core.curriculum.test_lessons import PROBE
from tests.run_rows import row

LESSON = Lesson(
    "A lesson",
    "Does it?",
    {"probe": PROBE},
    (
        Step("Read", "", "data", "Look.", question="1 + 1?", options=("2", "3"), answer="Two."),
        Step("Probe", "", "train", "Start.", starts="probe", runs=("probe",), question="2 + 2?", options=("4", "=5")),
    ),
)


@pytest.fixture(autouse=True)
def a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada and Ben have joined a class with one lesson."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    monkeypatch.setattr(lessons, "LESSONS", {"sums": LESSON})
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)


@pytest.mark.parametrize("name", LESSONS)
def test_every_question_has_options_whose_order_does_not_tell_the_right_one(name):
    offered = [(step, lessons.offered(step)) for step in LESSONS[name].steps]
    for step, options in offered:
        assert set(options) == set(step.options) and len(step.options) == 3
    assert {options.index(step.options[0]) for step, options in offered} != {0}


def test_the_first_answer_of_a_learner_counts_and_the_lecturer_answers_again():
    with people.acting_as("Ada"):
        answers.give("sums", 0, "3")
        answers.give("sums", 0, "2")
        assert [(answer.option, answer.right) for answer in answers.of("Ada")] == [("3", False)]
        with pytest.raises(AccessError, match="Only the lecturer can take answers back"):
            answers.take_back("sums", 0)
    with people.acting_as(people.LECTURER):
        answers.give("sums", 0, "3")
        answers.take_back("sums", 0)
        answers.give("sums", 0, "2")
        assert answers.find("sums", 0).right
        assert answers.summary(answers.of("Ada")) == "0 of 1 answers right"


def test_answers_are_for_their_owner_and_the_lecturer_alone_to_see():
    with people.acting_as("Ada"):
        answers.give("sums", 0, "2")
    with people.acting_as("Ben"):
        assert answers.find("sums", 0) is None
    for stranger in (people.acting_as("Ben"), nullcontext()):
        with stranger, pytest.raises(AccessError):
            answers.of("Ada")
    with pytest.raises(AccessError):
        answers.give("sums", 0, "2")


@pytest.mark.parametrize(("lesson", "index", "option"), [("sums", 0, "5"), ("sums", 2, "2"), ("no", 0, "2")])
def test_nothing_but_an_option_of_a_step_is_kept(home, lesson, index, option):
    with people.acting_as("Ada"), pytest.raises(ConfigError):
        answers.give(lesson, index, option)
    assert not (home / answers.KIND).exists()


def test_two_tabs_that_answer_at_once_lose_nothing():
    def answer(index: int) -> None:
        with people.acting_as("Ada"):
            answers.give("sums", index, LESSON.steps[index].options[0])

    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(answer, range(2)))
    with people.acting_as("Ada"):
        assert len(answers.of("Ada")) == 2


def test_answers_stay_when_a_question_is_reworded(monkeypatch):
    with people.acting_as("Ada"):
        answers.give("sums", 0, "2")
        monkeypatch.setattr(answers, "REWORDED", {"1 + 1?": "One and one?"})
        monkeypatch.setattr(
            lessons, "LESSONS", {"sums": replace(LESSON, steps=(replace(LESSON.steps[0], question="One and one?"),))}
        )
        assert answers.find("sums", 0).right


@pytest.mark.parametrize("before, now", answers.REWORDED.items())
def test_reworded_questions_are_asked_and_their_earlier_wording_is_not(before, now):
    asked = {step.question for lesson in LESSONS.values() for step in lesson.steps}
    assert now in asked and before not in asked


def test_answers_that_cannot_be_read_are_not_lost_by_the_next_one(home, monkeypatch):
    def answer(index: int) -> None:
        with people.acting_as("Ada"):
            answers.give("sums", index, LESSON.steps[index].options[0])

    def unreadable(path: Path, **_how: str) -> str:
        raise OSError(errno.EMFILE, "Too many open files")

    answer(0)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", unreadable)
        with pytest.raises(ConfigError, match="Too many open files"):
            answer(1)
    answer(1)
    with people.acting_as("Ada"):
        assert len(answers.of("Ada")) == 2
    (kept,) = (home / answers.OF_LEARNERS).glob("*.json")
    kept.write_text(damaged := kept.read_text()[:-9])
    answer(0)
    assert damaged in [path.read_text() for path in kept.parent.iterdir()]


def test_the_gradebook_says_who_did_what_by_runs_of_their_own():
    for person, option in (("Ada", "4"), ("Ben", "=5")):
        with people.acting_as(person):
            answers.give("sums", 1, option)
    made = row(accuracy=0.9)
    rows = [replace(made, person="Ada", config=PROBE, archived=True)]
    rows.append(replace(made, person="Cem", config=PROBE))  # whose name is free by now
    with people.acting_as("Ada"), pytest.raises(AccessError):
        gradebook.table(rows)
    with people.acting_as(people.LECTURER):
        table = gradebook.table(rows)
    tasks = table[table["step"] == 2].set_index("person")
    assert tasks["done"].to_dict() == {"Ada": True, "Ben": False, "Cem": True, "the lecturer": False}
    assert tasks["right"].dropna().to_dict() == {"Ada": True, "Ben": False}
    assert table[table["step"] == 1]["done"].isna().all()
    counted = gradebook.summary(table).set_index("person")
    assert counted.loc["Ada"].to_dict() | {"lesson": "sums"} == {
        "lesson": "sums",
        "done": 1,
        "tasks": 1,
        "answered": 1,
        "right": 1,
        "questions": 2,
    }
