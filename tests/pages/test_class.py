"""Pages in a class: what a learner is shown, and not shown, of others."""

from inspect import isfunction, signature, unwrap

import pytest

from core import people, roster, runs, settings
from core.data.datasets import SAMPLE
from core.errors import AccessError
from core.runs import connection
from dashboard.shell import PAGES
from dashboard.state import address

SECRET = "the run of Ada alone"
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
    people.ask(lambda: "Ben")
    yield used[0]
    people.ask(lambda: None)


def hide() -> None:
    """Have learners see only their own work and the lecturer's."""
    with people.acting_as(people.LECTURER):
        people.change(shown=False)


def test_a_learner_sees_the_runs_of_the_class_and_changes_only_their_own(visit, ada):
    page = visit("run", run=ada)
    assert SECRET in repr(page) and not page.exception
    assert not {"Delete this run", "Save"} & {button.label for button in page.button}
    people.ask(lambda: "Ada")
    assert "Delete this run" in {button.label for button in visit("run", run=ada).button}


@pytest.mark.parametrize("name", WITH_RUNS)
def test_an_id_in_the_address_shows_nothing_that_is_hidden(visit, ada, name):
    hide()
    page = visit(name)
    page.query_params.update(dict.fromkeys(page.session_state[address.READ], ada) | {"run": ada, "with": ada})
    page.run()
    assert not page.exception
    assert SECRET not in repr(page)


def _reads_a_run(function) -> bool:
    """Whether a function takes the id of a run alone, and returns something of it."""
    if not isfunction(unwrap(function)) or function.__name__ in ("find", "ahead", "measuring", "exports_folder"):
        return False
    given = signature(function)
    return list(given.parameters) == ["run_id"] and given.return_annotation is not None


def test_what_is_read_by_id_is_refused_too(visit, ada):
    hide()
    visit("home")
    from dashboard import server

    reads = [name for name, read in vars(server.runs).items() if name[0] != "_" and _reads_a_run(read)]
    assert {"get", "predictions", "confusion", "curves"} <= set(reads)
    for name in reads:
        with pytest.raises(AccessError):
            getattr(server.runs, name)(ada)
    assert ada not in {run.id for run in server.runs.rows()}


def test_a_learner_is_offered_no_files_of_the_server_and_no_page_of_the_lecturer(visit, ada):
    data = visit("data")
    assert not data.text_input and "server" not in repr(data.caption)
    with pytest.raises(ValueError, match="navigation page"):
        visit("classroom")
    people.ask(lambda: people.LECTURER)
    assert [each.label for each in visit("data").text_input] == ["Or a path on this server"]
    assert "Another code" in {button.label for button in visit("classroom").button}


def test_a_browser_that_is_nobodys_is_led_to_the_form(visit, ada):
    people.ask(lambda: None)
    for name in (name for pages in PAGES.values() for name, *_ in pages[:1]):
        page = visit(name)
        assert [box.proto.title for box in page.warning] == ["This browser is not in the class"]
        assert SECRET not in repr(page) and SAMPLE not in repr(page)
