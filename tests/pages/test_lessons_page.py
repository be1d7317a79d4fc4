"""Lessons: chosen, walked from step to step, and left."""

from dataclasses import replace

from core import execute, runs
from core.curriculum import lessons
from core.curriculum.lessons import Lesson, Step
from dashboard.run import versus
from tests.pages.conftest import said, wait


def test_every_lesson_is_there_with_its_question(visit, used):
    page = visit("lessons")
    assert all(lesson.question in said(page) for lesson in lessons.LESSONS.values())


def test_a_lesson_sets_up_its_pages_one_after_the_other(visit, used):
    page = visit("lessons")
    page.button(key="start-freezing").click().run()
    assert page.query_params["lesson"] == "freezing"
    assert any("step 1 of 4" in text.value for text in page.markdown)
    page.button(key="lesson-next-0").click().run()
    assert page.query_params["step"] == "2"
    assert page.query_params["method"] == "finetune"
    wait(page, lambda: any("fine-tune of EfficientNetLite0" in text.value for text in page.markdown))
    page.button(key="lesson-back-1").click().run()
    assert page.query_params["step"] == "1"
    page.button(key="lesson-leave").click().run()
    assert "lesson" not in page.query_params
    assert page.title[0].value == "Lessons"


def test_a_lesson_is_left_from_a_page_with_a_tab_in_its_address(visit, used):
    page = visit("run", run=used[0], view=versus.TAB, lesson="preprocessing", step="4")
    page.button(key="lesson-next-3").click().run()
    assert not page.exception
    assert page.title[0].value == "Lessons"


def test_a_link_in_the_middle_of_a_lesson_opens_there(visit, used):
    page = visit("compare", lesson="depth", step="4")
    assert any("step 4 of 4" in text.value for text in page.markdown)
    page.button(key="lesson-next-3").click().run()
    assert page.title[0].value == "Lessons"


def test_a_lesson_that_is_none_says_which_there_are(visit, used):
    page = visit("home", lesson="sleeping")
    assert any("preprocessing, freezing" in said.value for said in page.warning)
    assert "lesson" not in page.query_params


def test_the_step_says_done_when_the_run_is_there(visit, store, monkeypatch):
    from tests.core.curriculum.test_lessons import LESSON, PROBE

    monkeypatch.setitem(lessons.LESSONS, "test", LESSON)
    execute.perform(runs.create(PROBE))
    page = visit("data", lesson="test", step="2")
    wait(page, lambda: any("Done." in text.value for text in page.markdown))


def test_an_answer_is_kept_explained_and_counted(visit, used):
    name, lesson = next(iter(lessons.LESSONS.items()))
    page = visit("home", lesson=name, step="1")
    step = lesson.steps[0]
    assert step.answer not in said(page)
    page.radio(key=f"option-{name}-0").set_value(step.options[0])
    page.button(key=f"give-{name}-0").click().run()
    assert step.answer in said(page)
    assert "1 of 1 answers right" in said(visit("lessons"))
    page.button(key=f"again-{name}-0").click().run()
    assert step.answer not in said(page) and "answers right" not in said(visit("lessons"))


def test_the_last_step_says_what_the_own_runs_showed_and_opens_both(visit, store, monkeypatch):
    from tests.core.curriculum.test_lessons import PROBE

    divided = replace(PROBE, preprocessing="divide255")
    step = Step("See", "", "compare", "Read.", runs=("own", "divided"), compares=("divided", "own"))
    monkeypatch.setitem(lessons.LESSONS, "test", Lesson("L", "Q?", {"own": PROBE, "divided": divided}, (step,)))
    ids = {name: runs.create(config) for name, config in {"own": PROBE, "divided": divided}.items()}
    for run_id in ids.values():
        execute.perform(run_id)
    page = visit("data", lesson="test", step="1")
    wait(page, lambda: "Done." in said(page))
    verdict = next(text.value for text in page.markdown if "McNemar" in text.value)
    assert "wn preprocessing" in verdict and "ivision by 255" in verdict
    link = next(link.proto for link in page.main.get("page_link") if "side by side" in link.proto.label)
    assert f"run={ids['own']}" in link.query_string and f"other={ids['divided']}" in link.query_string
    beside = visit("run", run=ids["own"], view=versus.TAB, other=ids["divided"])
    assert "McNemar" in said(beside) and "division by 255" in said(beside)
