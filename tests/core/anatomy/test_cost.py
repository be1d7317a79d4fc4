"""What training costs is counted from the layers behind the first that trains, and nothing else."""

import math

import pytest

from core import anatomy, hardware
from core.anatomy import cost
from core.config import RunConfig
from core.features import throughput


@pytest.fixture(scope="module")
def tiny():
    return anatomy.describe("Tiny")


def config(**changes) -> RunConfig:
    plan = {"backbone": "Tiny", "method": "finetune", "unfreeze": "layers", "unfreeze_count": 1}
    return RunConfig(**plan | changes)


def test_a_step_runs_what_lies_behind_the_first_layer_that_trains(tiny):
    names = [layer.name for layer in tiny.layers]
    last = [layer for layer in tiny.layers if layer.weight_layer][-1]
    place = names.index(last.name)
    moved = cost.back(tiny, anatomy.freeze(tiny, "blocks", 1))
    assert moved.macs == last.macs
    assert moved.kept == sum(layer.activations for layer in tiny.layers[place - 1 :])  # with what goes into it


def test_nothing_of_the_backbone_trains_and_only_its_features_are_kept(tiny):
    assert cost.back(tiny, anatomy.freeze(tiny, "layers", 0)) == cost.Back(macs=0, kept=16)


def test_everything_trains_and_every_output_is_kept_but_the_image_before_it_is_scaled(tiny):
    whole = cost.back(tiny, anatomy.freeze(tiny, "all"))
    assert (whole.macs, whole.kept) == (tiny.macs, tiny.activations - 32 * 32 * 3)


@pytest.mark.slow
def test_a_transformers_block_keeps_what_it_computes_inside_and_of_the_one_before_only_what_that_gives():
    found = anatomy.describe("ToyCLIP")
    *_, before, block, norm, pooled = found.layers
    kept = cost.back(found, anatomy.freeze(found, "blocks", 2)).kept
    assert kept == before.outputs + block.activations + norm.outputs + pooled.outputs
    assert block.activations > 5 * block.outputs


def test_a_layer_that_trains_in_one_branch_leaves_the_other_branches_alone():
    found = anatomy.describe("ResNet20")
    shortcut = found.parts["block9"][0].sources[0]
    frozen = anatomy.freeze(found, "blocks", 1)
    kept = sum(layer.activations for layer in found.layers if layer.part in ("block9", "pool"))
    before = next(layer for layer in found.layers if layer.name == shortcut)
    assert cost.back(found, frozen).kept == kept + before.activations


def test_memory_is_weights_gradients_moments_and_the_outputs_of_a_batch(tiny):
    head = anatomy.head_params(tiny, 10)
    nothing, everything = anatomy.freeze(tiny, "layers", 0), anatomy.freeze(tiny, "all")
    assert cost.memory(tiny, nothing, config(), 10) == 4 * (tiny.params + head + 3 * head + 32 * 16)
    trains, kept = everything.trainable_params + head, cost.back(tiny, everything).kept
    plain = config(optimizer="sgd", momentum=0.0, batch_size=8)
    assert cost.memory(tiny, everything, plain, 10) == 4 * (tiny.params + head + trains + 8 * kept)
    assert cost.memory(tiny, everything, config(optimizer="sgd", batch_size=8), 10) == 4 * (
        tiny.params + head + 2 * trains + 8 * kept
    )


def test_no_speed_is_guessed_before_one_was_measured(tiny):
    assert cost.epoch(tiny, anatomy.freeze(tiny, "all"), config(), 100) is None


def test_an_epoch_is_three_passes_through_what_trains(tiny):
    throughput.record(throughput.in_keras("Tiny"), 32, 50.0, hardware.name())
    whole = cost.epoch(tiny, anatomy.freeze(tiny, "all"), config(unfreeze="all"), 100)
    assert math.isclose(whole.seconds, 3 * 100 / 50)
    part = cost.epoch(tiny, anatomy.freeze(tiny, "blocks", 1), config(unfreeze="blocks"), 100)
    share = cost.back(tiny, anatomy.freeze(tiny, "blocks", 1)).macs / tiny.macs
    assert math.isclose(part.seconds, 6 * share)
    assert f"{100 * share:.0f} % of the MACs" in part.basis and "50 images/s" in part.basis


def test_a_training_that_was_measured_here_is_believed(tiny):
    plan = config(unfreeze="blocks")
    throughput.record("Tiny", 32, 50.0, hardware.name())
    throughput.record(plan.training_name, 32, 20.0, hardware.name())
    assert cost.epoch(tiny, anatomy.freeze(tiny, "blocks", 1), plan, 100).seconds == 5
