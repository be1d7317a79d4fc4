"""Fine-tunes with a before and an after: which runs have both, and what each said of every image."""

import pandas as pd

from dashboard import server
from dashboard.ui import notable_images


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """Those rows of `runs.table` that are finished fine-tunes."""
    return runs[(runs["method"] == "finetune") & (runs["status"] == "finished") & runs["accuracy"].notna()]


def answers(run: pd.Series) -> pd.DataFrame | None:
    """`telling.together` of the fine-tune and, as the other, of the head on the frozen backbone; None: not kept.

    Where a fine-tune began with the head of a probe, that probe is what was before.
    """
    after = server.runs.predictions(run["run_id"])
    if run["start"]:
        return notable_images.together(after, server.runs.predictions(run["start"]))
    return notable_images.before_and_after(after, server.runs.stage_predictions(run["run_id"]))
