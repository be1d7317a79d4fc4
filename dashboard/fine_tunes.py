"""Fine-tunes with a before and an after: which runs have both, their two maps, and what each said of every image."""

import pandas as pd

from core import maps, sources
from core.maps import MapConfig
from core.sources import Source
from dashboard import resources, telling


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """Those rows of `runs.table` that are finished fine-tunes."""
    return runs[(runs["method"] == "finetune") & (runs["status"] == "finished") & runs["accuracy"].notna()]


def source(run: pd.Series) -> Source:
    """The features of a run's own test images, after its training."""
    return Source(dataset=run["dataset"], images="test", n_images=int(run["n_test"]), run=run["run_id"])


def pair(run: pd.Series, method: str) -> tuple[MapConfig, MapConfig]:
    """What to draw before and after; the second map begins where the first one ends, so that the two are aligned.

    Raises:
        LabError: The run is gone, or the weights it started from are.
    """
    after = source(run)
    before = MapConfig(sources.frozen(after), method=method)
    return before, MapConfig(after, method=method, start=maps.key(before))


def answers(run: pd.Series) -> pd.DataFrame | None:
    """`telling.together` of the fine-tune and, as the other, of the head on the frozen backbone; None: not kept.

    Where a fine-tune began with the head of a probe, that probe is what was before.
    """
    after = resources.predictions(run["run_id"])
    if run["start"]:
        return telling.together(after, resources.predictions(run["start"]))
    return telling.before_and_after(after, resources.stage_predictions(run["run_id"]))
