"""A teacher on the page Train, and the fair comparison on the page of the run that it taught."""

from core import execute, runs
from core.config import RunConfig
from tests.pages.conftest import TINY, wait


def test_a_teacher_is_chosen_with_its_temperature_and_the_pupil_leads_to_its_fair_run(visit, used):
    wait(visit("run", run=used[0]), lambda: True)
    page = visit("train", method="scratch", backbones="Tiny", teacher=used[0])
    assert {"Temperature", "Weight of the teacher"} <= {each.label for each in page.number_input}
    assert "--teacher" in page.code[0].value
    pupil = RunConfig(**TINY, method="scratch", epochs=1, teacher=used[0])
    run_id = runs.create(pupil)
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    page = visit("run", run=run_id)
    links = {link.proto.label: link.proto.query_string for link in page.get("page_link")}
    assert "teacher=" not in links["Train it without the teacher"].replace("teacher=&", "")
    alone = runs.create(RunConfig(**TINY, method="scratch", epochs=1))
    assert execute.perform(alone) == "finished"
    page = visit("run", run=run_id)
    assert any("same network without a teacher" in each.value for each in page.main.markdown)


def test_the_recipe_chooses_the_best_teacher_and_says_who_it_is_or_that_there_is_none(visit, used):
    page = visit("train", recipe="distillation")
    assert any("Its teacher is Tiny" in caption.value for caption in page.main.caption)
    assert "--recipe distillation" in page.code[0].value and "--teacher" in page.code[0].value
    page = visit("train", recipe="distillation", dataset="cifar10-flawed")
    assert any("has no teacher yet" in f"{error.proto.title} {error.value}" for error in page.error)
