"""The images that a running run has just seen."""

import pytest
from streamlit.testing.v1 import AppTest

from core.data import datasets


def draw(rows: list[int], labels: list[int]) -> None:
    from types import SimpleNamespace

    from core.config import RunConfig
    from core.progress import Progress
    from dashboard.run import live_images

    live_images.show(SimpleNamespace(config=RunConfig()), Progress("extract", 1, 2, rows=rows, labels=labels))


def html(rows: list[int], labels: list[int]) -> str:
    page = AppTest.from_function(draw, args=(rows, labels)).run()
    assert not page.exception
    return "".join(element.proto.body for element in page.get("html"))


@pytest.mark.slow
def test_each_has_the_name_of_its_class_and_then_what_it_was_taken_for():
    dataset = datasets.load("cifar10-sample")
    names = [dataset.class_names[label] for label in dataset.labels[:2]]
    other = next(label for label, name in enumerate(dataset.class_names) if name not in names)
    seen = html([0, 1], [])
    assert seen.count("<img") == 2 and all(f"<figcaption>{name}<" in seen for name in names)
    told = html([0, 1], [int(dataset.labels[0]), other])
    assert f"✓ {names[0]}" in told and f"✗ {dataset.class_names[other]}" in told


def test_nothing_is_drawn_for_work_without_images():
    assert html([], []) == ""
