"""What unfreezing brought is judged once: every page and the report say the same of the same run."""

import html

import pytest

from core import execute, runs
from core.config import RunConfig
from core.evaluation import comparison
from dashboard.run import report
from dashboard.ui import findings
from tests.pages.conftest import TINY
from tests.pages.test_run import links, plant, said, tuned


@pytest.mark.parametrize(
    ("frozen", "right", "verdict"),
    [
        (0.50, 0.58, "The fine-tune is 8.0 points better than the frozen backbone"),  # though the intervals overlap
        (0.50, 0.52, "2.0 points apart"),
        (0.58, 0.50, "The frozen backbone is 8.0 points better than the fine-tune"),
    ],
)
def test_all_pages_and_the_report_agree_on_what_unfreezing_brought(visit, used, frozen, right, verdict):
    made = plant(used[0], tuned(), right=right, frozen=frozen)
    row = next(row for row in runs.rows() if row.id == made)
    change = comparison.unfreezing(row)
    assert change is not None and change.paired is not None
    sentence = findings.unfreezing(change)
    assert verdict in sentence
    assert ("too close to call" in sentence) == (not change.clear)
    for name in ("home", "run", "compare"):
        assert sentence in said(visit(name, run=made)), name
    assert sentence in html.unescape(report.html([made]))
    assert sentence in html.unescape(report.html([made, used[0]])).split("Phase by phase")[0]  # the comparison


def test_a_probe_on_other_images_is_no_frozen_backbone_and_the_fair_probe_is_offered_then_used(visit, used):
    probe = runs.create(RunConfig(**TINY | {"n_train": 50}, train_split="probe20"))
    execute.perform(probe)
    made = plant(used[0], tuned(train_split="finetune80", start=probe), right=0.9, n_train=200)
    change = comparison.unfreezing(next(row for row in runs.rows() if row.id == made))
    assert change is not None and change.trained_on == (50, 200)
    sentence = findings.unfreezing(change)
    assert "the probe trained on 50 images" in sentence and "not the effect of unfreezing alone" in sentence
    assert "frozen backbone" not in sentence
    page = visit("train", run=made)
    assert sentence in said(page)
    link = next(link for link in page.main.get("page_link") if "same 200 training images" in link.proto.label)
    for choice in ("train_split=finetune80", "n_train=200", "method=linear", "backbones=Tiny"):
        assert choice in link.proto.query_string
    execute.perform(runs.create(RunConfig(**TINY, train_split="finetune80")))
    page = visit("train", run=made)
    assert "Like with like: " in said(page)
    assert not any("same 200" in label for label in links(page))


def test_a_probe_on_the_same_images_is_the_frozen_backbone(used):
    made = plant(used[0], tuned(start=used[0]), right=0.9)
    change = comparison.unfreezing(next(row for row in runs.rows() if row.id == made))
    assert change is not None and change.trained_on is None
