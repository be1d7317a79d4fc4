"""Runs are compared only with runs that were tested on the same images."""

from datetime import UTC, datetime

from core.evaluation import groups
from tests.run_rows import row


def run(name: str, dataset: str, n_test: float, day: int = 1, **facts):
    facts = {"backbone": "Tiny", "accuracy": 0.5} | facts
    return row(id=name, dataset=dataset, created=datetime(2026, 1, day, tzinfo=UTC), **facts | {"n_test": n_test})


def ids(found: tuple[groups.Group, ...]) -> dict[str, list[str]]:
    return {group.key: [run.id for run in group.runs] for group in found}


def test_runs_on_twelve_pets_stand_apart_from_those_on_five_hundred_cifar_images():
    found = groups.by_test_images([run("a", "cifar", 500), run("b", "pets", 12, 9), run("c", "cifar", 500)])
    assert ids(found) == {"cifar:500": ["a", "c"], "pets:12": ["b"]}  # the largest first, though pets is newer
    assert [(group.dataset, group.n_test, group.tested) for group in found] == [("cifar", 500, 2), ("pets", 12, 1)]


def test_other_test_images_of_the_same_dataset_are_another_group():
    found = groups.by_test_images([run("a", "cifar", 500), run("b", "cifar", 100)])
    assert sorted(ids(found)) == ["cifar:100", "cifar:500"]


def test_of_groups_of_the_same_size_the_newest_comes_first():
    assert list(ids(groups.by_test_images([run("a", "old", 10, 1), run("b", "new", 10, 2)]))) == ["new:10", "old:10"]


def test_a_run_without_a_result_stands_with_those_that_were_asked_the_same():
    failed = row(id="failed", backbone="Tiny", dataset="cifar", status="failed")
    lonely = row(id="lonely", backbone="Tiny", dataset="pets", status="failed")
    found = groups.by_test_images([failed, run("a", "cifar", 500), lonely])
    assert ids(found) == {"cifar:500": ["failed", "a"], "pets:0": ["lonely"]}
