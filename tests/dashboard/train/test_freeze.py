"""The plan in numbers: which blocks train, what that takes, and what it says."""

import pytest

from core.config import RunConfig
from core.training.freezing import Frozen
from dashboard.train import freeze


def test_a_click_on_a_block_unfreezes_from_there_to_the_end():
    assert freeze.clicked({"selection": {"points": [{"customdata": 15}]}}, 18) == 3
    assert freeze.clicked({"selection": {"points": [{"customdata": [17]}]}}, 18) == 1
    assert freeze.clicked({"selection": {"points": []}}, 18) is None
    assert freeze.clicked({}, 18) is None


def test_the_plan_is_said_in_layers_with_weights_and_parameters():
    frozen = Frozen((), (), 2_257_984, 1_519_040, 104, 21, 30, 154)
    config = RunConfig(backbone="MobileNetV2", method="finetune", unfreeze="layers", unfreeze_count=30)
    said = freeze.sentence(frozen, config)
    assert "The last 30 of 154 layers of MobileNetV2: 21 of its 104 layers with weights" in said
    assert "1.5 M of 2.3 M parameters" in said


@pytest.mark.parametrize(("optimizer", "momentum", "copies"), [("adam", 0.9, 3), ("sgd", 0.9, 2), ("sgd", 0.0, 1)])
def test_memory_counts_weights_gradients_and_moments(optimizer, momentum, copies):
    frozen = Frozen((), (), 1000, 100, 10, 1, 1, 10)
    config = RunConfig(method="finetune", optimizer=optimizer, momentum=momentum)
    assert freeze.memory(frozen, config) == 4 * (1000 + copies * 100)
