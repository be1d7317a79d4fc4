"""How often any two runs say the same of an image: a matrix, and the pair that differs most in a sentence."""

from collections import Counter
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

MOST = 12  # runs, the best; more cells could not be read


def show(finished: Sequence[RunRow]) -> None:
    """Draw it for the best finished runs of a dataset; nothing where no two share one."""
    sizes = Counter(run.config.dataset for run in finished)
    shared = [name for name, runs in sizes.items() if runs > 1]
    if not shared:
        return
    with st.expander("Who agrees with whom", icon=":material/handshake:"):
        name = st.selectbox("On", shared, key="agreement-on")
        tested = [run for run in finished if run.config.dataset == name and run.has_result]
        runs = sorted(tested, key=lambda run: run.accuracy, reverse=True)[:MOST]
        found = agreement.same_answers({run.id: server.runs.predictions(run.id) for run in runs})
        titles = [choices.run_title(run) for run in runs]
        found = found.set_axis(titles).set_axis(titles, axis=1)
        st.markdown(sentence(found))
        components.chart(matrix(found, titles), key="agreement", alt="Share of images of which two runs say the same")
        st.caption("Share of the test images that both were asked about and named alike, right or wrong.")


def sentence(found: pd.DataFrame) -> str:
    """The two runs that agree least; Markdown."""
    shares = found.to_numpy(copy=True)
    shares[np.triu_indices(len(shares))] = np.nan
    if np.isnan(shares).all():
        return "No two of these runs were tested on the same images."
    i, j = map(int, np.unravel_index(np.nanargmin(shares), shares.shape))
    return (
        f"**{found.index[i]}** and **{found.index[j]}** agree least: on {formats.percent(shares[i, j])} of the images."
    )


def matrix(found: pd.DataFrame, titles: Sequence[str]) -> go.Figure:
    """The shares in percent, a row and a column for each run."""
    short = [title.split(" · ")[0] for title in titles]
    places = list(range(len(titles)))
    cells = go.Heatmap(
        x=places,
        y=places,
        z=100 * found.to_numpy(),
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
    figure.update_xaxes(tickvals=places, ticktext=[str(place + 1) for place in places], side="top")
    numbered = [f"{place + 1}  {name}" for place, name in enumerate(short)]
    return figure.update_yaxes(tickvals=places, ticktext=numbered, autorange="reversed")
