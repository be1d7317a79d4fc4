"""Finished runs as dots beside the curves: the labelled images that each learned from, and how accurate it is."""

from collections.abc import Sequence

import pandas as pd

from core import people
from core.runs import RunRow
from dashboard import server
from dashboard.ui import findings, formats, run_labels

HELP = "Each finished run on these test images, at the number of labelled images that it learned from"
COLUMNS = ("who", "title", "backbone", "images", "shots", "accuracy", "accuracy_low", "accuracy_high")


def frame(runs: Sequence[RunRow], classes: int) -> pd.DataFrame:
    """A row for each run with labelled images: `who`, `title`, `backbone`, `images`, `shots`, and its accuracy."""
    return pd.DataFrame(
        [
            {"who": run.person, "title": run_labels.one(run), "backbone": run.config.backbone}
            | {"images": int(run.n_train + run.n_val), "shots": (run.n_train + run.n_val) / classes}
            | {name: getattr(run, name) for name in ("accuracy", "accuracy_low", "accuracy_high")}
            for run in runs
        ],
        columns=COLUMNS,
    )


def answer(runs: Sequence[RunRow]) -> str:
    """The person with the best run, against the best run of anyone else; "" if all are one person's. Markdown."""
    best: dict[str, RunRow] = {}
    for run in sorted(runs, key=lambda run: -run.accuracy):
        best.setdefault(run.person, run)
    if len(best) < 2:
        return ""
    first, second, *_ = best.values()
    titles = zip((second, first), run_labels.two(second, first), strict=True)
    names = (formats.plain(f"{people.called(run.person)}'s {title}") for run, title in titles)
    return findings.change(server.runs.change(second, first), *names)
