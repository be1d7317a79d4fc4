"""What of a lesson counts as done is read from runs and maps."""

from dataclasses import replace

import pytest

from core import execute, maps, runs
from core.cli import doctor
from core.config import RunConfig
from core.curriculum import lessons, tasks
from core.curriculum.lessons import LESSONS, Lesson
from core.runs import RunRow
from tests.core.curriculum.test_lessons import LESSON, PROBE, TUNE
from tests.run_rows import row


@pytest.mark.parametrize("name", LESSONS)
def test_the_link_of_a_step_asks_for_the_very_run_that_its_check_looks_for(name):
    lesson = LESSONS[name]
    for step in lesson.steps:
        if step.starts:
            said = tasks.link(lesson, step)
            config = lesson.runs[step.starts]
            assert said["backbones"] == config.backbone
            assert all(said.get(each, config.backbone) == str(getattr(config, each)) for each in tasks.CHECKED)


@pytest.mark.slow
def test_a_step_is_done_once_runs_like_its_own_have_finished(store):
    probe = LESSON.steps[1]
    assert tasks.lacking(LESSON, probe, runs.rows()) == ["linear probe of Tiny, 60 training images"]
    other = runs.create(replace(PROBE, preprocessing="divide255"))
    runs.create(PROBE)  # it has not run
    execute.perform(other)
    assert tasks.lacking(LESSON, probe, runs.rows()) != []
    mine = runs.create(replace(PROBE, seed=3))
    execute.perform(mine)
    assert tasks.lacking(LESSON, probe, runs.rows()) == []
    assert tasks.done(PROBE, runs.rows()).id == mine
    assert tasks.lacking(LESSON, LESSON.steps[0], runs.rows()) == []


@pytest.mark.slow
def test_what_is_prepared_is_not_done_twice_and_includes_maps(store, monkeypatch):
    monkeypatch.setitem(LESSONS, "test", LESSON)
    monkeypatch.setattr(lessons, "MAP", "pca")
    assert tasks.missing("test", runs.rows()) == [tasks.title(PROBE), tasks.title(TUNE)]
    assert tasks.prepare("test") == [tasks.title(PROBE), tasks.title(TUNE), "the maps before and after"]
    assert tasks.missing("test", runs.rows()) == []
    assert tasks.prepare("test") == []
    maps.clear()
    assert tasks.missing("test", runs.rows()) == ["the maps before and after"]


def test_the_doctor_says_which_lesson_is_ready(store, monkeypatch):
    monkeypatch.setattr(lessons, "LESSONS", {"test": Lesson("A", "?", {}, LESSON.steps[:1]), "probe": LESSON})
    said = doctor.describe(doctor.examine())
    assert "Lesson      test: ready" in said
    assert "Lesson      probe: to do: linear probe of Tiny" in said
    assert "`python -m core warm --lesson probe`" in said


def test_a_step_opens_the_learners_own_run():
    lesson = LESSONS["shortcut"]
    step = next(step for step in lesson.steps if step.opens)
    assert "run" not in tasks.link(lesson, step)
    mine = replace(row(id="mine", accuracy=0.9), config=lesson.runs[step.opens])
    assert tasks.link(lesson, step, [mine])["run"] == "mine"


def test_a_step_counts_an_archived_run_and_a_lecture_one_that_is_shown(monkeypatch):
    monkeypatch.setitem(LESSONS, "test", replace(LESSON, runs={"probe": PROBE}, steps=LESSON.steps[1:2]))
    archived = replace(row(id="old", accuracy=0.7), config=PROBE, archived=True)
    assert tasks.lacking(LESSON, LESSON.steps[1], [archived]) == []
    assert tasks.missing("test", [archived]) == [tasks.title(PROBE)]
    shown = replace(archived, id="shown", archived=False)
    assert tasks.done(PROBE, [shown, archived]).id == "shown"
    assert tasks.missing("test", [shown]) == []
    assert tasks.missing("test", [replace(shown, person="Ada")]) == [tasks.title(PROBE)]


def test_a_step_whose_run_was_deleted_meanwhile_is_to_be_done_again(store):
    lesson = LESSONS["shortcut"]
    step = next(step for step in lesson.steps if step.examined)
    gone = replace(row(id="gone", accuracy=0.9), config=lesson.runs[step.examined])
    assert tasks.lacking(lesson, step, [gone]) == ["the test on other backgrounds"]


def test_the_lesson_on_words_opens_the_model_of_its_answers():
    lesson = LESSONS["words"]
    opened = [tasks.link(lesson, step) for step in lesson.steps if step.page == "zero_shot"]
    assert [said["clip"] for said in opened] == ["ToyCLIP", "ToyCLIP"]


def test_a_run_with_a_teacher_has_the_learners_own_and_is_not_taken_for_one_without():
    lesson = LESSONS["teacher"]
    step = next(step for step in lesson.steps if step.starts == "taught")
    assert tasks.link(lesson, step)["teacher"] == ""

    def made(run_id: str, config: RunConfig) -> RunRow:
        return replace(row(id=run_id, accuracy=0.7), config=config)

    rows = [made("mine", lesson.runs["teacher"]), made("alone", lesson.runs["alone"])]
    assert tasks.link(lesson, step, rows)["teacher"] == "mine"
    assert tasks.lacking(lesson, step, rows) == [tasks.title(lesson.runs["taught"])]
    taught = made("taught", replace(lesson.runs["taught"], teacher="another"))
    assert tasks.lacking(lesson, step, [*rows, taught]) == []
    assert tasks.done(lesson.runs["alone"], [*rows, taught]).id == "alone"
