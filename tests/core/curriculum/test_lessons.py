"""Lessons: every step leads somewhere, and what counts as done is read from runs and maps."""

from dataclasses import replace
from pathlib import Path

import pytest

from core import backbones, execute, maps, runs
from core.cli import doctor
from core.config import RunConfig
from core.curriculum import lessons
from core.curriculum.lessons import LESSONS, Lesson, Step
from core.data import datasets
from core.errors import ConfigError
from core.runs import RunRow
from tests.run_rows import row

PAGES = {path.stem for path in (Path(__file__).parent.parent.parent.parent / "pages").glob("*.py")}
PROBE = RunConfig(backbone="Tiny", weights="untrained", input_size=8, n_train=60, n_test=60)
TUNE = replace(PROBE, method="finetune", head_epochs=1, epochs=1, batch_size=0, learning_rate=0)
LESSON = Lesson(
    "A lesson",
    "Does it?",
    {"probe": PROBE, "tuned": TUNE},
    (
        Step("Read", "", "data", "Look."),
        Step("Probe", "", "train", "Start.", starts="probe", runs=("probe",)),
        Step("See", "", "before_after", "Draw.", runs=("tuned",), mapped="tuned"),
    ),
)


@pytest.mark.parametrize("name", LESSONS)
def test_every_step_opens_a_page_and_asks_for_runs_of_its_lesson(name):
    lesson = LESSONS[name]
    for step in lesson.steps:
        assert step.page in PAGES
        assert {*step.runs, *filter(None, (step.starts, step.mapped, step.opens, step.examined))} <= set(lesson.runs)
        assert step.question and step.answer
    assert {each for step in lesson.steps for each in (*step.runs, step.mapped) if each} == set(lesson.runs)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_needs_nothing_but_what_is_shipped(name):
    for config in LESSONS[name].runs.values():
        assert config.dataset in (datasets.SAMPLE, *datasets.CHANGED)
        assert config.method == "scratch" or backbones.published_here(config.backbone).is_relative_to(
            Path(__file__).parent.parent.parent.parent / "assets"
        )


@pytest.mark.parametrize("name", LESSONS)
def test_the_link_of_a_step_asks_for_the_very_run_that_its_check_looks_for(name):
    lesson = LESSONS[name]
    for step in lesson.steps:
        if step.starts:
            said = lessons.link(lesson, step)
            config = lesson.runs[step.starts]
            assert said["backbones"] == config.backbone
            assert all(said.get(each, config.backbone) == str(getattr(config, each)) for each in lessons.CHECKED)


@pytest.mark.slow
def test_a_step_is_done_once_runs_like_its_own_have_finished(store):
    probe = LESSON.steps[1]
    assert lessons.lacking(LESSON, probe, runs.rows()) == ["linear probe of Tiny, 60 training images"]
    other = runs.create(replace(PROBE, preprocessing="divide255"))
    runs.create(PROBE)  # it has not run
    execute.perform(other)
    assert lessons.lacking(LESSON, probe, runs.rows()) != []
    mine = runs.create(replace(PROBE, seed=3))
    execute.perform(mine)
    assert lessons.lacking(LESSON, probe, runs.rows()) == []
    assert lessons.done(PROBE, runs.rows()).id == mine
    assert lessons.lacking(LESSON, LESSON.steps[0], runs.rows()) == []


@pytest.mark.slow
def test_what_is_prepared_is_not_done_twice_and_includes_maps(store, monkeypatch):
    monkeypatch.setitem(LESSONS, "test", LESSON)
    monkeypatch.setattr(lessons, "MAP", "pca")
    assert lessons.missing("test", runs.rows()) == [lessons.title(PROBE), lessons.title(TUNE)]
    assert lessons.prepare("test") == [lessons.title(PROBE), lessons.title(TUNE), "the maps before and after"]
    assert lessons.missing("test", runs.rows()) == []
    assert lessons.prepare("test") == []
    maps.clear()
    assert lessons.missing("test", runs.rows()) == ["the maps before and after"]


def test_the_doctor_says_which_lesson_is_ready(store, monkeypatch):
    monkeypatch.setattr(lessons, "LESSONS", {"test": Lesson("A", "?", {}, LESSON.steps[:1]), "probe": LESSON})
    said = doctor.describe(doctor.examine())
    assert "Lesson      test: ready" in said
    assert "Lesson      probe: to do: linear probe of Tiny" in said
    assert "`python -m core warm --lesson probe`" in said


def test_an_unknown_lesson_names_the_known_ones():
    with pytest.raises(ConfigError, match="preprocessing, freezing"):
        lessons.get("sleeping")


def test_a_step_opens_the_learners_own_run():
    lesson = LESSONS["shortcut"]
    step = next(step for step in lesson.steps if step.opens)
    assert "run" not in lessons.link(lesson, step)
    mine = replace(row(id="mine", accuracy=0.9), config=lesson.runs[step.opens])
    assert lessons.link(lesson, step, [mine])["run"] == "mine"


def test_a_step_counts_an_archived_run_and_a_lecture_one_that_is_shown(monkeypatch):
    monkeypatch.setitem(LESSONS, "test", replace(LESSON, runs={"probe": PROBE}, steps=LESSON.steps[1:2]))
    archived = replace(row(id="old", accuracy=0.7), config=PROBE, archived=True)
    assert lessons.lacking(LESSON, LESSON.steps[1], [archived]) == []
    assert lessons.missing("test", [archived]) == [lessons.title(PROBE)]
    shown = replace(archived, id="shown", archived=False)
    assert lessons.done(PROBE, [shown, archived]).id == "shown"
    assert lessons.missing("test", [shown]) == []
    assert lessons.missing("test", [replace(shown, person="Ada")]) == [lessons.title(PROBE)]


def test_a_step_whose_run_was_deleted_meanwhile_is_to_be_done_again(store):
    lesson = LESSONS["shortcut"]
    step = next(step for step in lesson.steps if step.examined)
    gone = replace(row(id="gone", accuracy=0.9), config=lesson.runs[step.examined])
    assert lessons.lacking(lesson, step, [gone]) == ["the test on other backgrounds"]


def test_the_lesson_on_words_opens_the_model_of_its_answers():
    lesson = LESSONS["words"]
    opened = [lessons.link(lesson, step) for step in lesson.steps if step.page == "zero_shot"]
    assert [said["clip"] for said in opened] == ["ToyCLIP", "ToyCLIP"]


def test_a_run_with_a_teacher_has_the_learners_own_and_is_not_taken_for_one_without():
    lesson = LESSONS["teacher"]
    step = next(step for step in lesson.steps if step.starts == "taught")
    assert lessons.link(lesson, step)["teacher"] == ""

    def made(run_id: str, config: RunConfig) -> RunRow:
        return replace(row(id=run_id, accuracy=0.7), config=config)

    rows = [made("mine", lesson.runs["teacher"]), made("alone", lesson.runs["alone"])]
    assert lessons.link(lesson, step, rows)["teacher"] == "mine"
    assert lessons.lacking(lesson, step, rows) == [lessons.title(lesson.runs["taught"])]
    taught = made("taught", replace(lesson.runs["taught"], teacher="another"))
    assert lessons.lacking(lesson, step, [*rows, taught]) == []
    assert lessons.done(lesson.runs["alone"], [*rows, taught]).id == "alone"
