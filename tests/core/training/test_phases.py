"""The speed of tests, which later estimates are based on."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.progress import silent
from core.training import phases, step
from core.training.inputs import Pictures


@pytest.mark.parametrize(
    ("images", "compiles", "speed"),
    [(64, True, None), (65, True, 32), (130, True, 64), (65, False, 64), (20, False, 10)],
)
def test_the_speed_of_a_test_counts_batches_as_full_and_not_the_first_one_if_it_compiles(
    monkeypatch, images, compiles, speed
):
    now = 0.0

    def predict(*_):
        nonlocal now
        now += 5.0 if compiles else 2.0
        return 3.0 if compiles else 0.0

    monkeypatch.setattr(phases, "perf_counter", lambda: now)
    monkeypatch.setattr(step, "predict", predict)
    source = Pictures(np.zeros((images, 8, 8, 3), np.uint8), np.arange(images), ())
    material = SimpleNamespace(
        config=SimpleNamespace(augmentations=()),
        assembly=SimpleNamespace(model=None),
        pictures=lambda rows: source,
        classes=2,
        report=silent,
        build_seconds=0.0,
        tested_per_second=None,
    )
    phases.predict(phases.Phase("scratch", 1, 0.1, "constant"), material, source.rows)
    assert material.tested_per_second == speed
