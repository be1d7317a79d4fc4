"""How often any two runs predict the same class: a matrix, and a sentence on the pair that agrees least."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.evaluation import agreement
from core.runs import RunRow
from dashboard import server
from dashboard.ui import choices, components, formats
from dashboard.ui.charts import canvas

MOST = 12  # of the best runs; more cells would not be readable


def show(finished: Sequence[RunRow]) -> None:
    """The matrix for the best of these finished runs, tested on the same images; nothing for fewer than two."""
    tested = [run for run in finished if run.has_result]
    if len(tested) < 2:
        return
    folded = st.expander("Agreement between runs", icon=":material/handshake:", key="agreement-open", on_change="rerun")
    if not folded.open:
        return
    with folded:
        runs = sorted(tested, key=lambda run: run.accuracy, reverse=True)[:MOST]
        shares = agreement.same_answers({run.id: server.runs.predictions(run.runs[0].id) for run in runs})
        titles = list(choices.run_titles(runs).values())
        shares = shares.set_axis(titles).set_axis(titles, axis=1)
        st.markdown(sentence(shares))
        components.chart(
            matrix(shares, titles), key="agreement", alt="Share of images for which two runs predict the same class"
        )
        several = " Of several seeds, the first." if any(run.seeds for run in runs) else ""
        st.caption(
            f"Share of the test images of both runs for which they predict the same class, right or wrong.{several}"
        )


def sentence(shares: pd.DataFrame) -> str:
    """The two runs that agree least; Markdown."""
    values = shares.to_numpy(copy=True)
    values[np.triu_indices(len(values))] = np.nan
    if np.isnan(values).all():
        return "No two of these runs were tested on the same images."
    i, j = map(int, np.unravel_index(np.nanargmin(values), values.shape))
    return (
        f"**{shares.index[i]}** and **{shares.index[j]}** agree least: on {formats.percent(values[i, j])} of the "
        "images."
    )


def matrix(shares: pd.DataFrame, titles: Sequence[str]) -> go.Figure:
    """The shares in percent, a row and a column for each run."""
    short = [title.split(" · ")[0] for title in titles]
    positions = list(range(len(titles)))
    cells = go.Heatmap(
        x=positions,
        y=positions,
        z=100 * shares.to_numpy(),
        colorscale="Blues",
        zmin=0,
        zmax=100,
        texttemplate="%{z:.0f}",
        showscale=False,
        xgap=2,
        ygap=2,
        customdata=[[[a, b] for b in titles] for a in titles],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{z:.1f} % alike<extra></extra>",
    )
    figure = canvas(cells, height=140 + 44 * len(titles))
    figure.update_xaxes(tickvals=positions, ticktext=[str(position + 1) for position in positions], side="top")
    numbered = [f"{number}  {name}" for number, name in enumerate(short, start=1)]
    return figure.update_yaxes(tickvals=positions, ticktext=numbered, autorange="reversed")
