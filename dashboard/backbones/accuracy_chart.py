"""The published accuracy of backbones against what it costs."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.ui import charts, colours, pareto

_LEGEND_BELOW = {"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0, "font_size": 13}


def published(frame: pd.DataFrame, *, against: str = "params", chosen: str = "") -> go.Figure:
    """Published ImageNet accuracy against what it costs: `name`, `family`, `top1` (percent) and the column `against`.

    Args:
        against: `params` (fewer is better), or `images_per_second` (more is better).
        chosen: The backbone that gets a ring.
    """
    titles = {"params": "Parameters (without the classifier)", "images_per_second": "Measured speed (images/s)"}
    frame = frame.dropna(subset=["top1", against])
    cost = -frame[against] if against == "images_per_second" else frame[against]
    front = frame[pareto.front(cost, frame["top1"])]
    labelled = set(front["name"][pareto.apart(front, frame, against, "top1")]) - {chosen}
    figure = charts.canvas(pareto.line(front, against, "top1"), height=560, legend=_LEGEND_BELOW)
    ring = frame[frame["name"] == chosen]
    figure.add_scatter(
        x=ring[against],
        y=ring["top1"],
        mode="markers+text",
        text=ring["name"],
        textposition="bottom right",
        textfont={"size": 13, "color": colours.ACCENT, "weight": 600},
        marker={"symbol": "circle-open", "size": 24, "color": colours.ACCENT, "line_width": 3},
        hoverinfo="skip",
        showlegend=False,
    )
    for family, members in frame.groupby("family"):
        pareto.add_points(
            figure,
            str(family),
            members[against],
            members["top1"],
            text=members["name"].where(members["name"].isin(labelled), ""),
            textposition="top left" if against == "params" else "top right",
            customdata=members[["name"]],
            marker=colours.look(str(family)) | {"size": 12},
            hovertemplate="<b>%{customdata[0]}</b><br>%{y:.1f} % top-1, published<br>%{x:,.3s}<extra></extra>",
        )
    figure.update_xaxes(title_text=titles[against], **pareto.logarithmic(frame[against], tickformat="~s"))
    return figure.update_yaxes(title_text="ImageNet top-1, published (%)")
