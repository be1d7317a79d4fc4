"""A report opens offline, anywhere, and says what the runs measured."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from core import people, roster, runs
from core.config import RunConfig
from core.data import dataset as stored
from core.errors import RunError
from dashboard.run import export, report

NAMES = ["cat <b>", "dog & co", "fish"]  # people name classes as they like


def planted(right: int, **settings) -> str:
    """A finished run that got so many of 30 test images right."""
    run_id = runs.create(RunConfig(**{"backbone": "Tiny"} | settings))
    runs.start(run_id)
    labels = np.arange(30) % 3
    answers = np.where(np.arange(30) < right, labels, (labels + 1) % 3)
    low, high = max(right - 4, 0) / 30, min(right + 4, 30) / 30
    stage = {"name": "finetune", "accuracy": right / 30, "accuracy_low": low, "accuracy_high": high}
    outcome = runs.Outcome(
        accuracy=right / 30,
        accuracy_low=low,
        accuracy_high=high,
        top5=None,
        validation_accuracy=0.5,
        calibration_error=0.1,
        per_class=dict.fromkeys(NAMES, 0.5),
        seconds=dict.fromkeys(runs.STAGES, 1.5),
        images_per_second=10.0,
        cached=False,
        hardware="a machine",
        versions={"keras": "3"},
        protocol="Planted",
        weights_origin="untrained",
        n_train=60,
        n_val=10,
        n_test=30,
        chosen={"strength": 0.1},
        stages=[{**stage, "name": "head", "accuracy": low}, stage] if "method" in settings else [],
        notes=["The batch was halved"] if "method" in settings else [],
    )
    predictions = pd.DataFrame({"row": np.arange(30), "label": labels, "prediction": answers, "confidence": 0.9})
    confusion = pd.DataFrame(np.eye(3, dtype=int) * 10, index=NAMES, columns=NAMES)
    runs.finish(run_id, runs.Result(outcome, predictions, confusion))
    return run_id


class Balance(HTMLParser):
    """Counts what is opened and closed."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.slow
def test_two_runs_are_compared_and_then_shown(store):
    page = report.html([planted(24), planted(12, method="finetune")])
    assert "Which model was most accurate?" in page
    assert page.count("<section>") == 2
    assert "80.0 %" in page
    assert page.count(" on CIFAR-10 sample</h2>") == 2 and " of CIFAR-10 sample</h2>" in page
    assert "40.0 %" in page
    assert "The batch was halved" in page
    assert "Head alone" in page
    assert "Untrained weights" in page


def test_it_needs_no_network_and_runs_no_program(store):
    page = report.html([planted(24)])
    assert not re.search(r"https?:|<script|<link|@import|url\(", page)
    assert len(page) < 500_000


def test_it_is_well_formed_whatever_classes_are_called(store):
    page = report.html([planted(24)])
    assert "cat &lt;b&gt;" in page
    assert "dog &amp; co" in page
    balance = Balance()
    balance.feed(page)
    assert balance.open == []


def test_one_run_is_not_compared_and_twice_the_same_is_once(store):
    run_id = planted(24)
    page = report.html([run_id, run_id])
    assert "Comparison" not in page
    assert page.count("<section>") == 1


def test_runs_without_a_result_are_refused_in_words(store):
    waiting = runs.create(RunConfig(backbone="Tiny"))
    for chosen, words in (
        ([], "at least one run"),
        (["nothing"], "no run 'nothing'"),
        ([waiting], "queued and has no result"),
    ):
        with pytest.raises(RunError, match=words):
            report.html(chosen)


def test_photos_of_another_learner_are_in_a_report_only_while_they_are_shown(store, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)
    with people.acting_as(people.LECTURER):
        people.change(shown=True)
    images = [(np.full((32, 32, 3), row, np.uint8), row % 3, "", str(row)) for row in range(30)]
    about = {"class_names": tuple(NAMES), "source": "here", "licence": "none", "skipped": ()}
    with people.acting_as("Ada"):
        dataset = stored.write([("photos", "photos")], iter(images), metadata=about).name
    written = []
    monkeypatch.setattr(st, "download_button", lambda label, write, *_, **__: written.append(write))
    with people.acting_as("Ben"):
        export.report_of([runs.row(planted(24, dataset=dataset)).chosen])
    assert "Most confident mistakes" in written[0]()
    with people.acting_as(people.LECTURER):
        people.change(shown=False)
    assert "Most confident mistakes" not in written[0]()
