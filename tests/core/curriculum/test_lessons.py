"""Lessons: every step leads somewhere, and asks for nothing that is not shipped."""

from dataclasses import replace
from pathlib import Path

import pytest

from core import backbones
from core.config import RunConfig
from core.curriculum import lessons
from core.curriculum.lessons import LESSONS, Lesson, Step
from core.data import datasets
from core.errors import ConfigError

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


def test_an_unknown_lesson_names_the_known_ones():
    with pytest.raises(ConfigError, match="preprocessing, freezing"):
        lessons.get("sleeping")
