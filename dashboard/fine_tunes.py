"""Fine-tunes with a before and an after: which runs have both, and what each said of every image."""

import pandas as pd

from dashboard import resources, telling


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """Those rows of `runs.table` that are finished fine-tunes."""
    return runs[(runs["method"] == "finetune") & (runs["status"] == "finished") & runs["accuracy"].notna()]


def answers(run: pd.Series) -> pd.DataFrame | None:
    """`telling.together` of the fine-tune and, as the other, of the head on the frozen backbone; None: not kept.

    Where a fine-tune began with the head of a probe, that probe is what was before.
    """
    after = resources.predictions(run["run_id"])
    if run["start"]:
        return telling.together(after, resources.predictions(run["start"]))
    return telling.before_and_after(after, resources.stage_predictions(run["run_id"]))
