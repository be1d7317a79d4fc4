"""What is said of linear probes by depth, from planted accuracies."""

import pytest

from core import metrics
from core.evaluation.layer_probes import Probe, Probes
from dashboard.layers import accuracy
from dashboard.ui.colours import FAMILY_COLOURS


def _probes(*accuracies: float, n_test: int = 500) -> Probes:
    shares = [metrics.wilson(round(accuracy * n_test), n_test) for accuracy in accuracies]
    probes = [
        Probe(f"block{i}", i, 8, 16, share.value, share.low, share.high, 1.0) for i, share in enumerate(shares, start=1)
    ]
    return Probes(tuple(probes), 400, 50, n_test, "")


def test_a_last_block_that_is_clearly_best_separates_the_classes_best():
    text = accuracy.sentence(_probes(0.3, 0.5, 0.8))
    assert text.startswith("**block3** (block 3 of 3) separates the classes best: a linear head is right on **80.0 %**")
    assert text.endswith("after the first block, **block1**, on 30.0 %.")


def test_a_block_that_clearly_beats_the_last_says_by_how_much():
    text = accuracy.sentence(_probes(0.3, 0.8, 0.6))
    assert text.startswith("**block2** (block 2 of 3) separates the classes best")
    assert "Block2 is 20.0 points better than the last, block3 (80.0 against 60.0 %)" in text


def test_blocks_within_noise_of_the_best_are_too_close_to_call():
    text = accuracy.sentence(_probes(0.3, 0.80, 0.81, 0.79))
    assert text.startswith("**block3** (block 3 of 4): a linear head")
    assert "too close to call with **block2** and **block4**" in text
    assert "best" not in text and "better" not in text


def test_many_blocks_within_noise_are_counted():
    assert "too close to call with 4 others, the first of them **block2**." in accuracy.sentence(_probes(*[0.8] * 5))


def test_probes_have_the_colour_of_the_family():
    assert accuracy.chart(_probes(0.3, 0.5), "VGG16").data[0].line.color == FAMILY_COLOURS["VGG"]


def test_the_chart_has_a_point_with_its_interval_for_each_depth():
    (line,) = accuracy.chart(_probes(0.3, 0.4, 0.7), "VGG16").data
    assert list(line.x) == ["block1", "block2", "block3"]
    assert list(line.y) == pytest.approx([30, 40, 70])
    assert line.error_y.array[0] == pytest.approx(100 * (metrics.wilson(150, 500).high - 0.3))
