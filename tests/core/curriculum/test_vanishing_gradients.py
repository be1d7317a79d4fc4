"""Gradients measured on small networks: they vanish without shortcuts, and not with them."""

import numpy as np
import pytest

from core.curriculum import vanishing_gradients
from core.errors import ConfigError


@pytest.mark.slow
def test_without_shortcuts_depth_takes_the_gradient_away():
    shallow, deep = (vanishing_gradients.measure(blocks, seeds=1) for blocks in (5, 25))
    assert [len(norms) for norms in deep.gradients.values()] == [25, 25]
    lost = {kind: shallow.gradients[kind][0] / deep.gradients[kind][0] for kind in vanishing_gradients.KINDS}
    assert lost["plain"] > 1000
    assert lost["residual"] < 10
    assert deep.losses["plain"] == pytest.approx(np.log(10), abs=1e-3)  # its output says nothing of the image


@pytest.mark.slow
def test_with_batchnorm_it_is_not_lost_and_shortcuts_keep_it_even():
    measured = vanishing_gradients.measure(30, "batchnorm", seeds=1)
    spread = {kind: norms[0] / norms[-1] for kind, norms in measured.gradients.items()}
    assert spread["plain"] > 3 * spread["residual"] > 3


@pytest.mark.parametrize(
    ("blocks", "normalisation"), [(1, "none"), (vanishing_gradients.MOST + 1, "none"), (10, "layernorm")]
)
def test_what_cannot_be_measured_is_said(blocks, normalisation):
    with pytest.raises(ConfigError):
        vanishing_gradients.measure(blocks, normalisation)
