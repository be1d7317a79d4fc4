"""What a person says of a run is kept as it was, or refused."""

import dataclasses

import pytest

from core import runs
from core.errors import RunError
from tests.core.runs.results import TINY

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("word", ["it's", "=1+1", '"a", b', "<b> & *x* $y$ :cat:", "Käfer 金魚", "NA", "%' OR 1=1 --"])
def test_what_a_person_calls_a_run_comes_back_as_it_was_and_changes_nothing_else(word):
    run_id = runs.create(TINY)
    runs.end(run_id, "stopped")
    before = runs.get(run_id)
    assert runs.rows()[0].tags == ()
    runs.describe(run_id, name=word, group=word, tags=[word, "second", word], note=f"{word}\nand more")
    (row,) = runs.rows()
    assert (row.name, row.group, row.tags, row.note) == (word, word, (word, "second"), f"{word}\nand more")
    assert runs.get(run_id) == dataclasses.replace(before, name=word)
    assert runs.table([row]).loc[0, ["name", "group", "tags"]].tolist() == [word, word, f"{word}, second"]
    runs.describe(run_id, name="plain")
    (row,) = runs.rows()
    assert (row.name, row.group, row.tags, row.note) == ("plain", "", (), "")


def test_a_run_keeps_its_words_when_new_ones_are_refused():
    run_id = runs.create(TINY)
    name = runs.get(run_id).name
    many = [f"{number:02}" + 58 * "金" for number in range(70)]  # together more than MLflow keeps
    for words in (
        {"name": " \n "},
        {"name": "x" * 101},
        {"name": "a", "tags": ["x" * 61]},
        {"name": "a", "tags": many},
    ):
        with pytest.raises(RunError):
            runs.describe(run_id, **words)
    assert runs.get(run_id).name == name
    with pytest.raises(RunError, match="no run"):
        runs.describe("0" * 32, name="a")


def test_only_a_run_that_has_ended_is_archived():
    run_id = runs.create(TINY)
    with pytest.raises(RunError, match="is queued"):
        runs.set_archived(run_id, True)
    runs.end(run_id, "failed")
    assert not runs.row(run_id).archived
    for archived in (True, False):
        runs.set_archived(run_id, archived)
        assert runs.row(run_id).archived is archived
