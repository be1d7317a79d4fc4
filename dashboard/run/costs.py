"""What mistakes cost, typed into a table of true classes and answers, and the cheapest answers that follow."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import ConfigError
from core.evaluation import costs
from core.evaluation.costs import Saving
from core.runs import RunRow
from dashboard import server
from dashboard.run import confidence
from dashboard.ui import components, formats
from dashboard.ui.charts import MANY_CLASSES


def show(run: RunRow, class_names: Sequence[str]) -> None:
    """The table, and below it what a run that answers by expected cost would save."""
    if len(class_names) > MANY_CLASSES:
        st.caption(f"Costs can be entered for at most {MANY_CLASSES} classes; this run has {len(class_names)}.")
        return
    table, verdict = st.columns([7, 5], gap="large")
    with table:
        names = [formats.plain(name) for name in class_names]
        typed = st.data_editor(
            pd.DataFrame(1.0 - np.eye(len(names)), index=names, columns=names),
            key=f"costs-{run.id}",
            column_config={
                name: st.column_config.NumberColumn(min_value=0.0, format="%g", width="small") for name in names
            },
            disabled=["_index"],
            height="content",
        )
        st.caption("The cost of each answer (column) for each true class (row). At first, every mistake costs 1.")
    with verdict:
        declining = st.number_input(
            "Cost of “I don't know”", 0.0, value=None, placeholder="Must always answer", key="cost-declining", width=240
        )
        values = typed.to_numpy(float)
        try:
            costs.check(values)
        except ConfigError as error:
            components.show_error(error)
            return
        tested = server.runs.predictions(run.id)
        labels, p = tested["label"].to_numpy(), tested.filter(regex=r"^p_\d+$").to_numpy()
        saving = costs.saving(labels, p, values, np.inf if declining is None else declining)
        st.markdown("  \n".join(sentences(saving)))
        if len(names) == 2 and declining is None:
            st.markdown(f"It answers **{names[1]}** at a probability of {costs.threshold(values):.3f} or more.")
        st.caption(
            "Each answer has the lowest expected cost under the run's own probabilities (Elkan, 2001); nothing was "
            f"chosen on the test images. The better calibrated the run (tab {confidence.TAB}), the more it saves."
        )


def sentences(saving: Saving) -> list[str]:
    """The two costs, whether they differ by more than chance, and what has changed; Markdown."""
    low, high = (formats.signed(end, 3) for end in (saving.saved.low, saving.saved.high))
    lines = [
        f"The most probable class costs **{saving.usual:.3f}** per image, the cheapest answer "
        f"**{saving.cheapest:.3f}**."
    ]
    if not saving.changed and not saving.declined:
        return [*lines, "Both give the same answers."]
    clear = saving.saved.low > 0 or saving.saved.high < 0
    verdict = f"It saves {formats.signed(saving.saved.value, 3)} (95 % interval {low} to {high})"
    lines.append(f"{verdict}." if clear else f"{verdict}: too close to call.")
    lines.append(
        f"Changed: {formats.percent(saving.changed)} of the images. No answer: {formats.percent(saving.declined)}."
    )
    if saving.declined < 1:
        lines.append(f"Right: {formats.percent(saving.accuracy)} of the answered images.")
    return lines
