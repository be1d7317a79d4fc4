"""An anatomy is that of the real network, survives on disk, and freezes exactly as the network does."""

import json
import math
from dataclasses import replace

import pytest

from core import anatomy, backbones, settings
from core.anatomy import Anatomy, cost
from core.config import RunConfig
from core.errors import BackboneError, ConfigError
from core.training import freezing

PLANS = (
    ("layers", 1),
    ("layers", 30),
    ("layers", 142),
    ("blocks", 1),
    ("blocks", 7),
    ("all", 0),
    ("all-but-batchnorm", 0),
)


@pytest.fixture(scope="module")
def lite() -> Anatomy:
    return anatomy.describe("EfficientNetLite0", 64)


def freshly_frozen(backbone: str, size: int, unfreeze: str, count: int, batchnorm: str) -> freezing.Frozen:
    """The plan applied to a network that was just built."""
    config = RunConfig(
        backbone=backbone,
        input_size=size,
        method="finetune",
        unfreeze=unfreeze,
        unfreeze_count=count or 1,
        batchnorm=batchnorm,
    )
    return freezing.describe(config)


@pytest.mark.slow
def test_the_second_time_it_is_read_from_disk_and_the_same():
    assert anatomy.find("Tiny", 40) is None
    first = anatomy.describe("Tiny", 40)
    assert anatomy.find("Tiny", 40) == first
    assert anatomy.find("Tiny", 48) is None
    assert [path.name for path in (settings.home() / "anatomy").iterdir()] == ["Tiny-40.json"]
    assert anatomy.describe("ToyCLIP") == anatomy.find("ToyCLIP")  # with what is inside its layers


@pytest.mark.parametrize("content", ["", "{", "[]", '{"made_with": 1}', "null"])
def test_what_cannot_be_read_is_computed_anew(content):
    whole = anatomy.describe("Tiny")
    path = settings.home() / "anatomy" / "Tiny-32.json"
    path.write_text(content)
    assert anatomy.find("Tiny") is None
    assert anatomy.describe("Tiny") == whole
    assert anatomy.find("Tiny") == whole


def test_what_an_earlier_version_or_another_network_left_is_not_used():
    anatomy.describe("Tiny")
    path = settings.home() / "anatomy" / "Tiny-32.json"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"made_with": [0, "3.0"]}))
    assert anatomy.find("Tiny") is None
    path.write_text(json.dumps(entry | {"layers": entry["layers"][:-2]}))
    assert anatomy.find("Tiny") is None


@pytest.mark.slow
def test_position_embeddings_grow_with_the_input_and_the_anatomy_of_another_size_is_kept_too():
    spec = backbones.get("DeiTTiny")
    described = anatomy.describe("DeiTTiny", 64)
    assert described.params == spec.params_at(64) == spec.params - (14**2 - 4**2) * 192
    assert anatomy.find("DeiTTiny", 64) == described
    with pytest.raises(ConfigError, match="cannot cut images of 70 px into patches of 16 px"):
        anatomy.describe("DeiTTiny", 70)


def test_a_home_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("a file where the folder should be")
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(path))
    assert anatomy.describe("Tiny").params == backbones.get("Tiny").params


@pytest.mark.parametrize("size", [7, 2000])
def test_sizes_that_cannot_be_are_refused_with_those_that_can(size):
    with pytest.raises(BackboneError, match="8 to 1024 pixels"):
        anatomy.find("Tiny", size)


@pytest.mark.slow
def test_a_clip_is_opened_at_its_own_size_only():
    assert anatomy.describe("ToyCLIP").input_size == 32
    with pytest.raises(BackboneError, match="Expected 32 pixels"):
        anatomy.describe("ToyCLIP", 64)


@pytest.mark.parametrize("batchnorm", ["inference", "training"])
@pytest.mark.parametrize(("unfreeze", "count"), PLANS)
def test_a_plan_freezes_what_it_freezes_in_the_network(lite, unfreeze, count, batchnorm):
    expected = freshly_frozen("EfficientNetLite0", 64, unfreeze, count, batchnorm)
    assert anatomy.freeze(lite, unfreeze, count, batchnorm=batchnorm) == expected


@pytest.mark.parametrize("unfreeze", ["layers", "blocks"])
def test_a_slice_of_none_leaves_the_whole_backbone_frozen_and_one_too_many_is_refused(unfreeze):
    found = anatomy.describe("Tiny")
    nothing = anatomy.freeze(found, unfreeze, 0)
    assert (nothing.trainable_params, nothing.params) == (0, found.params)
    most = found.slices[unfreeze]
    assert anatomy.freeze(found, unfreeze, most) == replace(anatomy.freeze(found, "all"), asked=most, slice_length=most)
    with pytest.raises(ConfigError, match=f"1 to {most}"):
        anatomy.freeze(found, unfreeze, most + 1)


def test_sums_are_those_of_the_layers():
    found = anatomy.describe("Tiny")
    convolutions = [layer for layer in found.layers if layer.macs]
    assert found.macs == sum(math.prod(layer.shape[:2]) * (layer.params - layer.shape[2]) for layer in convolutions)
    assert found.activations == sum(math.prod(layer.shape) for layer in found.layers)
    assert found.receptive == found.layers[-2].receptive
    assert found.slices == {"layers": len(found.layers) - 1, "blocks": 3}
    assert list(found.parts) == ["block1", "block2", "block3", "pool"]


@pytest.mark.slow
def test_a_layernorm_after_the_pooling_is_a_layer_that_can_be_frozen_and_the_pooling_is_not():
    found = anatomy.describe("ConvNeXtTiny", 32)
    pool, norm = found.layers[-2:]
    assert (pool.name, pool.block, pool.shape, norm.kind, norm.shape) == (
        "pooled",
        "pool",
        (768,),
        "LayerNormalization",
        (768,),
    )
    assert norm.sources == ("pooled",) and norm.block == "stage_3"
    assert "pooled" in found.holders and "pooled" not in found.freezable
    assert found.slices == {"layers": len(found.holders) - 1, "blocks": 5}
    for unfreeze, count in (("layers", 1), ("layers", 6), ("blocks", 1)):
        theirs = freshly_frozen("ConvNeXtTiny", 32, unfreeze, count, "inference")
        ours = anatomy.freeze(found, unfreeze, count)
        assert (ours.blocks, ours.slice_length) == (theirs.blocks, theirs.slice_length)
        assert [row.trainable_params for row in ours.layers] == [row.trainable_params for row in theirs.layers]
    assert cost.back(found, anatomy.freeze(found, "layers", 1)) == cost.Back(macs=0, kept=768 + 768)


def test_a_head_has_a_kernel_and_a_bias_for_each_layer():
    found = anatomy.describe("Tiny")
    assert anatomy.head_params(found, 10) == 16 * 10 + 10
    assert anatomy.head_params(found, 10, hidden=5) == 16 * 5 + 5 + 5 * 10 + 10


@pytest.mark.slow
def test_the_notebooks_model_has_the_numbers_that_the_notebook_prints():
    import keras

    found = anatomy.describe("MobileNetV2", 96)
    head = anatomy.head_params(found, 10)
    nothing = anatomy.freeze(found, "layers", 0)
    assert found.params + head == 2_270_794
    assert nothing.trainable_params + head == 12_810
    assert found.params - nothing.trainable_params == 2_257_984

    base = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    model = keras.Model(base.input, keras.layers.Dense(10)(keras.layers.Dropout(0.2)(pooled)))
    for layer in base.layers[:-30]:
        layer.trainable = False
    last_30 = anatomy.freeze(found, "layers", 30)
    assert (last_30.asked, last_30.slice_length) == (30, len(base.layers)) == (30, 154)
    assert last_30.trainable_params + head == _size(model.trainable_weights)
    assert last_30.params + head == model.count_params()
    assert found.depth + 1 == len(backbones.weight_layers(model))


def _size(weights) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def test_an_anatomy_holds_no_more_than_plain_values():
    import pickle

    found = anatomy.describe("Tiny")
    assert isinstance(found, Anatomy) and pickle.loads(pickle.dumps(found)) == found
