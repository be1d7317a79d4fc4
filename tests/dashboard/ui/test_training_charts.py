"""Charts of training: tables with known answers in, the figure's spec checked."""

import numpy as np
import pandas as pd
import pytest

from core.config import RunConfig
from dashboard.train import lr_finder
from dashboard.ui import training_charts

BLOCKS = pd.DataFrame(
    {
        "name": ["stem", "block1", "block2"],
        "layers": [3, 9, 9],
        "params": [100, 400, 1600],
        "trainable_params": [0, 200, 1600],
        "batchnorm": ["", "inference", "training"],
    }
)
CURVES = pd.DataFrame(
    [
        (epoch, f"{prefix}{what}", epoch / 10)
        for epoch in (1, 2, 3)
        for prefix in ("", "validation_")
        for what in ("loss", "accuracy")
    ]
    + [(step, "batch_loss", 1 / (step + 1)) for step in range(1000)],
    columns=["step", "metric", "value"],
)


def _traces(figure, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


def test_the_strip_shows_how_much_of_each_block_trains():
    figure = training_charts.freeze_strip(BLOCKS)
    trains, frozen = _traces(figure, "Trains")[0].y, _traces(figure, "Frozen")[0].y
    assert trains[0] == 0 and frozen[0] > 0
    assert 0 < trains[1] < frozen[1] + trains[1]
    assert frozen[2] == 0 and trains[2] == 1.0
    np.testing.assert_allclose(np.add(trains, frozen)[1:], [0.5, 1.0])  # square roots of 400 and 1600


def test_the_strip_ends_with_the_new_head_and_tells_the_modes_of_batchnorm():
    figure = training_charts.freeze_strip(BLOCKS)
    assert figure.layout.xaxis.ticktext[-1] == "head"
    assert list(_traces(figure, "BatchNorm in inference mode")[0].x) == [1]
    assert list(_traces(figure, "BatchNorm in training mode")[0].x) == [2]
    assert "trains 200 of 400 parameters" in _traces(figure, "Trains")[0].text[1]


def test_the_strip_shows_learning_rates_that_differ_as_shares_of_the_heads():
    figure = training_charts.freeze_strip(BLOCKS, rates={"block1": 0.02, "block2": 0.05}, rate=0.1)
    (line,) = _traces(figure, "Learning rate, as a share of the head's")
    assert list(line.x) == [1, 2, 3]
    np.testing.assert_allclose(line.y, [0.2, 0.5, 1.0])
    assert line.text[0] == "<b>block1</b> learns at 0.02"
    assert not _traces(training_charts.freeze_strip(BLOCKS), line.name)


def test_a_bar_of_the_strip_knows_its_block():
    figure = training_charts.freeze_strip(BLOCKS)
    assert list(_traces(figure, "Trains")[0].customdata) == [0, 1, 2]


@pytest.mark.parametrize("count", [3, 60, 104])
def test_names_of_many_blocks_do_not_overlap(count):
    blocks = pd.concat([BLOCKS] * (count // 3 + 1), ignore_index=True).head(count)
    assert len(training_charts.freeze_strip(blocks).layout.xaxis.ticktext) <= training_charts.MOST_NAMES + 1


def test_by_epoch_training_and_validation_are_told_apart():
    figure = training_charts.learning(CURVES.assign(run="mine"), by="epoch")
    assert [trace.name for trace in figure.data if trace.showlegend] == ["Training", "Validation"]
    accuracy = _traces(figure, "Validation")[1]
    np.testing.assert_allclose(accuracy.y, [10, 20, 30])  # percent
    assert accuracy.line.width > _traces(figure, "Training")[1].line.width


def test_by_batch_a_thousand_steps_become_fewer_points_of_the_same_curve():
    figure = training_charts.learning(CURVES.assign(run="mine"), by="batch")
    assert len(figure.data) == 1
    assert len(figure.data[0].x) == training_charts.MOST_POINTS
    assert np.all(np.diff(figure.data[0].y) < 0)


def test_a_curve_of_one_step_is_a_dot():
    (curve,) = training_charts.learning(
        CURVES[CURVES["metric"] == "batch_loss"].head(1).assign(run="a"), by="batch"
    ).data
    assert "markers" in curve.mode


def test_several_runs_have_a_colour_each_and_one_place_in_the_legend():
    figure = training_charts.learning(pd.concat([CURVES.assign(run="a"), CURVES.assign(run="b")]))
    colours = {run: {trace.line.color for trace in figure.data if trace.legendgroup == run} for run in ("a", "b")}
    assert len(colours["a"]) == len(colours["b"]) == 1 and colours["a"] != colours["b"]
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == ["a", "b"]


def test_a_line_stands_where_the_backbone_was_unfrozen():
    assert len(training_charts.learning(CURVES.assign(run="a"), unfrozen=1).layout.shapes) == 2
    assert not training_charts.learning(CURVES.assign(run="a"), unfrozen=5).layout.shapes  # not yet
    assert not training_charts.learning(CURVES.assign(run="a"), by="batch", unfrozen=1).layout.shapes


def test_the_suggested_rate_and_the_chosen_one_are_marked():
    frame = pd.DataFrame({"learning_rate": np.logspace(-7, 0, 50), "loss": np.linspace(2, 1, 50)})
    figure = training_charts.rates(frame, suggestion=1e-4, chosen=1e-5)
    assert [shape.x0 for shape in figure.layout.shapes] == [1e-4, 1e-5]
    assert figure.layout.xaxis.type == "log"
    assert len(training_charts.rates(frame, suggestion=None, chosen=1e-5).layout.shapes) == 1


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
def test_the_drawn_schedule_is_the_one_that_training_takes(schedule):
    from core.training import optimizers

    config, steps = RunConfig(method="finetune", schedule=schedule, learning_rate=1e-3), 1000
    theirs = optimizers.schedule(schedule, config.learning_rate, steps)
    drawn = lr_finder.over_time(config)
    at = np.linspace(0, steps, len(drawn))
    expected = [float(theirs(step)) if callable(theirs) else theirs for step in at]
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
    figure = training_charts.schedule(drawn, epochs=3)
    assert (figure.data[0].x[0], figure.data[0].x[-1]) == (0, 3)
