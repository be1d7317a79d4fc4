"""Pages in a class: what a learner is shown, and not shown, of others."""

import io
from collections.abc import Callable, Iterator
from inspect import Parameter, isfunction, signature, unwrap

import numpy as np
import pandas as pd
import pytest

from core import people, roster, runs, settings
from core.config import RunConfig
from core.curriculum import answers, lessons
from core.curriculum.lessons import Lesson, Step
from core.data import class_photos, dataset, datasets
from core.data.dataset import Dataset
from core.data.datasets import SAMPLE
from core.embeddings import Source
from core.errors import AccessError
from core.maps import MapConfig
from core.runs import RunRow, connection
from core.zero_shot.tried import Prompts
from dashboard import server
from dashboard.classroom import lecture, names
from dashboard.shell import PAGES
from dashboard.state import address
from tests.pages.conftest import ROOT, said, wait

SECRET = "the run of Ada alone"
IMAGES = [(np.full((32, 32, 3), 20 * row, np.uint8), row % 2, "", str(row)) for row in range(12)]
ABOUT = {"class_names": ("a", "b"), "source": "here", "licence": "none", "skipped": ()}
WITH_RUNS = ("run", "compare", "maps", "predict", "robustness", "train")


@pytest.fixture
def ada(used, monkeypatch) -> str:
    """The id of a finished run of Ada, in a class in which Ben looks at pages."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)
    with people.acting_as(people.LECTURER):
        runs.describe(used[0], name=SECRET)
    connection.connect(settings.tracking_uri())[0].set_tag(used[0], "backbone_lab.person", "Ada")
    people.set_identity(lambda: "Ben")
    yield used[0]
    people.set_identity(lambda: None)


def hide() -> None:
    """Have learners see only their own work and the lecturer's."""
    with people.acting_as(people.LECTURER):
        people.change(shown=False)


def test_a_learner_sees_the_runs_of_the_class_and_changes_only_their_own(visit, ada):
    page = visit("run", run=ada)
    assert SECRET in repr(page) and not page.exception
    assert not {"Delete this run", "Save"} & {button.label for button in page.button}
    people.set_identity(lambda: "Ada")
    assert "Delete this run" in {button.label for button in visit("run", run=ada).button}


@pytest.mark.parametrize("name", WITH_RUNS)
def test_an_id_in_the_address_shows_nothing_that_is_hidden(visit, ada, name):
    hide()
    page = visit(name)
    page.query_params.update(dict.fromkeys(page.session_state[address.READ], ada) | {"run": ada, "with": ada})
    page.run()
    assert not page.exception
    assert SECRET not in repr(page)


def test_prompts_are_seen_by_those_who_may_see_the_work_of_who_tried_them(visit, ada):
    sample, prompts = datasets.load(SAMPLE), Prompts("ToyCLIP", ("a", "b"), ("a {}",), 1, 2)
    for person in ("Ada", "Ben", people.LECTURER):
        people.set_identity(lambda person=person: person)
        server.zero_shot.keep(sample, prompts)
    people.set_identity(lambda: "Ben")
    assert {each.person for each in server.zero_shot.tried_on(sample)} == {"Ada", "Ben", people.LECTURER}
    hide()
    assert {each.person for each in server.zero_shot.tried_on(sample)} == {"Ben", people.LECTURER}


def acting_on(kinds: dict, names: dict) -> Iterator[tuple[Callable, list, dict]]:
    """Functions of the server that take something of these types, or of these names, with such arguments."""
    for module in (getattr(server, name) for name in server.__all__):
        for name, function in vars(module).items():
            if name[0] == "_" or not isfunction(unwrap(function)) or function.__module__ != module.__name__:
                continue
            needed = [each for each in signature(function).parameters.values() if each.default is Parameter.empty]
            belonging = {each.name: kinds.get(each.annotation, names.get(each.name)) for each in needed}
            if any(value is not None for value in belonging.values()):
                given = {name: "" if value is None else value for name, value in belonging.items()}
                yield (
                    function,
                    [given.pop(each.name) for each in needed if each.kind is Parameter.VAR_POSITIONAL],
                    given,
                )


def named(function: Callable) -> str:
    """runs.get."""
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def test_every_function_of_the_server_refuses_what_is_hidden(visit, ada):
    with people.acting_as("Ada"):
        name = dataset.write([("own", "Own")], iter(IMAGES), metadata=ABOUT).name
        own, run = datasets.load(name), runs.row(ada)
    hide()
    visit("home")
    source = Source(run=ada)
    kinds = {
        Dataset: own,
        RunRow: run,
        Source: source,
        MapConfig: MapConfig(source),
        RunConfig: RunConfig(dataset=name),
    }
    refused, open_to_all = set(), set()
    for function, several, given in acting_on(kinds, {"run_id": ada, "models": (ada,), "model": ada, "dataset": name}):
        try:
            function(*several, **given)
            open_to_all.add(named(function))
        except AccessError:
            refused.add(named(function))
    harmless = {"runs.find", "runs.exports_folder", "runs.stop", "runs.pause"}  # None; a path; it has ended
    assert open_to_all == harmless
    assert {"runs.get", "runs.delete", "runs.submit", "maps.task", "exports.code", "explain.heat"} <= refused
    assert {"datasets.relabel", "robustness.task", "few_shot.curve", "layers.probes", "zero_shot.search"} <= refused
    assert ada not in {run.id for run in server.runs.rows()}


@pytest.mark.parametrize("part", ["start", "teacher"])
def test_a_config_with_a_hidden_run_is_refused(visit, ada, part):
    hide()
    visit("home")
    config = RunConfig(method="finetune", **{part: ada})
    asked = list(acting_on({RunConfig: config}, {}))
    assert "runs.submit" in {named(function) for function, *_ in asked}
    for function, several, given in asked:
        with pytest.raises(AccessError):
            function(*several, **given)


def test_a_learner_is_offered_no_files_of_the_server_and_no_page_of_the_lecturer(visit, ada):
    data = visit("data")
    assert not data.text_input and "server" not in repr(data.caption)
    assert [title.value for title in visit("classroom").title] == ["Backbone Lab"]  # Home: they have no page Class
    people.set_identity(lambda: people.LECTURER)
    assert [each.label for each in visit("data").main.text_input] == ["Or a path on this server"]
    assert "New code" in {button.label for button in visit("classroom").button}


def test_of_two_tabs_of_the_lecturer_followers_go_where_one_moves(visit, ada):
    people.set_identity(lambda: people.LECTURER)
    first, second = visit("lessons"), visit("train")
    assert lecture.now().place.page == "train"
    moved = lecture.now()
    for tab in (first, second, first):
        tab.run()
    assert lecture.now() == moved
    first.toggle(key="lead").set_value(True).run()
    assert lecture.now().led and lecture.now().place.page == "lessons"
    assert second.run().toggle(key="lead").value
    second.query_params["method"] = "knn"
    second.run()
    assert lecture.now().place.choices["method"] == ["knn"]


def test_the_progress_of_a_learner_is_in_their_own_runs_and_the_lecturer_takes_everyones_along(visit, ada):
    name, step = "trust", lessons.LESSONS["trust"].steps[0]
    with people.acting_as("Ada"):
        answers.give(name, 0, step.options[1])
    assert ada in {run.id for run in server.runs.rows()} and ada not in {run.id for run in server.runs.own()}
    assert "answers right" not in said(visit("lessons")) and "core warm" not in said(visit("lessons"))
    people.set_identity(lambda: people.LECTURER)
    page = visit("classroom")
    wait(page, lambda: "1 run · 0 of 1 answers right" in said(page))
    assert "Lessons (CSV)" in [button.label for button in page.get("download_button")]
    rows = pd.read_csv(io.BytesIO(names.gradebook_csv())).set_index(["person", "lesson", "step"])
    assert rows.loc["Ada", name, 1]["answer"] == step.options[1] and not rows.loc["Ada", name, 1]["right"]
    assert "Ben" in rows.index.levels[0]


def test_a_step_opens_ones_own_run_and_nobody_elses(visit, ada, monkeypatch):
    step = Step("See", "", "run", "Read.", opens="own")
    monkeypatch.setitem(lessons.LESSONS, "test", Lesson("L", "Q?", {"own": runs.get(ada).config}, (step,)))
    for person, opened in (("Ada", True), (people.LECTURER, False)):
        people.set_identity(lambda person=person: person)
        page = visit("home", lesson="test", step="1")
        wait(page, server.engine.store_open)
        page.run()
        (link,) = (each.proto for each in page.main.get("page_link") if each.proto.label == "Set up this page")
        assert (f"run={ada}" in link.query_string) == opened


def test_a_new_class_is_begun_by_a_second_press(visit, ada):
    people.set_identity(lambda: people.LECTURER)
    page = visit("classroom")
    (question,) = (each for each in page.get("popover") if each.proto.popover.label == "Begin a new class")
    assert set(roster.read().seats) == {"Ada", "Ben"}
    question.button[0].click().run()
    wait(page, lambda: any(box.proto.title == "The old class is archived" for box in page.success))
    assert not roster.read().seats and ada not in {run.id for run in runs.rows()}


def test_everybodys_photos_come_on_one_map_by_a_press(visit, ada):
    for person, first in (("Ada", 0), ("Ben", 100)):
        photos = [(np.full((32, 32, 3), first + row, np.uint8), row % 2, "", str(row)) for row in range(12)]
        with people.acting_as(person):
            stored = ABOUT | {"source": class_photos.SOURCE}
            dataset.write([(person, person)], photos, metadata=stored)
    people.set_identity(lambda: people.LECTURER)
    page = visit("classroom")
    (press,) = (each for each in page.button if each.label == "Everybody's photos on one map")
    press.click().run()
    wait(page, lambda: page.title and page.title[0].value == "Maps")
    assert "24 images of Photos of the class" in said(page)
    people.set_identity(lambda: "Ben")
    assert "Photos of the class" in repr(visit("maps"))
    hide()
    assert "Photos of the class" not in repr(visit("maps"))


def test_who_left_the_page_meanwhile_is_not_taken_to_the_map(visit, ada):
    photos = [(np.full((32, 32, 3), row, np.uint8), row % 2, "", str(row)) for row in range(12)]
    with people.acting_as("Ada"):
        dataset.write([("Ada", "Ada")], photos, metadata=ABOUT | {"source": class_photos.SOURCE})
    people.set_identity(lambda: people.LECTURER)
    page = visit("home")
    page.session_state["pressed-everybodys-photos"] = True
    server.datasets.gather().begin()
    wait(page, lambda: server.datasets.gather().finished)
    page.switch_page(str(ROOT / "pages" / "classroom.py")).run()
    assert page.title[0].value == "Class"


def test_a_browser_that_is_nobodys_is_led_to_the_form(visit, ada):
    people.set_identity(lambda: None)
    for name in (name for pages in PAGES.values() for name, *_ in pages[:1]):
        page = visit(name)
        assert [box.proto.title for box in page.warning] == ["This browser is not in the class"]
        assert SECRET not in repr(page) and SAMPLE not in repr(page)
