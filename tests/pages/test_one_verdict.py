"""What unfreezing brought is judged once: every page and the report say the same of the same run."""

import html

import pytest

from core import runs
from core.evaluation import comparison
from dashboard.run import report
from dashboard.ui import findings
from tests.pages.test_run import plant, said, tuned


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
    assert sentence in html.unescape(report.html([made, used[0]])).split("Stage by stage")[0]  # the comparison
