"""A figure is drawn once for all who look at the same, and again when its data or its options differ."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.server import figures

drawn: list[int] = []


def draw(frame: pd.DataFrame, *, height: int = 100) -> go.Figure:
    drawn.append(height)
    return go.Figure(go.Scatter(x=frame["x"], y=frame["y"]), {"height": height})


def points(*ys: float) -> pd.DataFrame:
    return pd.DataFrame({"x": range(len(ys)), "y": ys})


def test_the_same_data_and_options_are_drawn_once():
    drawn.clear()
    first = figures.of(draw, points(1, 2), height=200)
    assert figures.of(draw, points(1, 2), height=200) is first
    assert drawn == [200]


def test_other_data_or_options_are_drawn_anew():
    drawn.clear()
    figures.of(draw, points(3, 4))
    assert list(figures.of(draw, points(3, 5)).data[0].y) == [3, 5]
    assert figures.of(draw, points(3, 4), height=300).layout.height == 300
    assert drawn == [100, 100, 300]


def test_streamlit_leaves_a_figure_that_others_see_as_it_was():
    figure = figures.of(draw, points(6, 7))
    before = figure.to_json()
    st.plotly_chart(figure, key="a chart of a figure that is shared")
    assert figure.to_json() == before
