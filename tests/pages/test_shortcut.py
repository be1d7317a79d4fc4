"""Backgrounds on the page of a run: from the button to what is left of the accuracy, and where the evidence lies."""

from core import execute, runs
from core.config import RunConfig
from core.curriculum import lessons
from core.data import datasets
from core.explain import shortcut as measuring
from dashboard.run import shortcut
from tests.pages.conftest import TINY, said, wait


def test_a_run_is_tested_on_other_backgrounds_where_its_lesson_asks_for_it(visit, store, monkeypatch):
    config = RunConfig(**TINY, dataset=datasets.SHORTCUT)
    run_id = runs.create(config)
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    monkeypatch.setitem(lessons.LESSONS["shortcut"].runs, "network", config)
    page = visit("run", run=run_id, view=shortcut.TAB, lesson="shortcut", step="3")
    wait(page, lambda: "the test on other backgrounds" in said(page))
    next(button for button in page.button if button.label == "Try other backgrounds").click().run()
    wait(page, lambda: bool(page.dataframe) and "Done." in said(page))
    measured = measuring.find(run_id)
    assert measured and f"{100 * measured.follows.value:.1f} %" in said(page)
    assert page.dataframe[0].value["Method"].tolist()[:2] == ["Grad-CAM", "Occlusion"]
