"""Runs are named in the words of the field."""

import dataclasses

import pytest

from core import runs
from tests.core.runs.results import TINY

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize(
    ("method", "word"), [("knn", "nearest neighbours"), ("finetune", "fine-tune"), ("linear", "linear")]
)
def test_a_run_is_named_in_the_words_of_the_field_also_one_of_an_earlier_version(method, word):
    run_id = runs.create(dataclasses.replace(TINY, method=method))
    assert runs.get(run_id).name == f"Tiny {word} 32 px"
    for name, shown in (
        (f"Tiny {method} 32 px, seed 3", f"Tiny {word} 32 px, seed 3"),
        (f"My {method}", f"My {method}"),
        (f"Tiny {method} baseline", f"Tiny {method} baseline"),
    ):
        runs.describe(run_id, name=name)
        assert [row.name for row in runs.rows()] == [shown]
