"""What the page of a run gives to take away: code at once, models when they have been checked, a report."""

import pytest

from core import export, settings
from dashboard.run import export as takeaway
from tests.pages.conftest import wait

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # PyArrow reads times so


def downloads(page) -> list[str]:
    return [button.label for button in page.get("download_button")]


def test_code_and_report_are_there_at_once(visit, used):
    page = visit("run", run=used[0], view=takeaway.TAB)
    assert {"Python script", "Jupyter notebook", "Report"} <= set(downloads(page))
    assert "keras.Model" in page.code[0].value


def test_a_model_is_offered_once_it_is_checked(visit, used):
    page = visit("run", run=used[0], view=takeaway.TAB)
    page.button(key="make-keras").click().run()
    wait(page, lambda: any(label.startswith("Keras (") for label in downloads(page)))
    assert any("100 test images" in caption.value for caption in page.main.caption)
    assert list((settings.home() / "exports" / used[0]).glob("*/model.keras"))


def test_an_export_that_failed_says_why_and_can_be_tried_again(visit, used, monkeypatch):
    page = visit("run", run=used[0], view=takeaway.TAB)
    monkeypatch.setattr(export.agreement, "LARGEST_GAP", -1.0)  # no model is close enough
    page.button(key="make-keras").click().run()
    wait(page, lambda: len(page.error))
    assert "does not predict what" in page.error[0].proto.title + page.error[0].value
    assert page.button(key="make-keras").label == "Export Keras"


def test_compare_gives_a_report_of_its_runs(visit, used):
    assert "Report of these 2 runs" in downloads(visit("compare"))
