"""The benchmark of a store of many runs times every page."""

import json

import pytest

from core.cli import commands
from dashboard import shell


def test_every_page_is_timed(home, scheduler: str, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", scheduler)
    assert commands.main(["bench", "runs", "--runs", "3", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert min(figures["seconds_to_read"], figures["seconds_to_read_by_mlflow"]) > 0
    assert set(figures["pages"]) == {name for pages in shell.PAGES.values() for name, *_ in pages}
    assert all(seconds > 0 for page in figures["pages"].values() for seconds in page.values())
