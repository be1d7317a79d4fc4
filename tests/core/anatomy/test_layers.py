"""Facts of layers: arithmetic and receptive fields, and names that no earlier network has moved."""

import pytest

from core import anatomy
from core.anatomy import layers as layer_facts


def rows(build):
    """Facts of a small network: `build` makes its last feature map from an image of 16 pixels."""
    import keras

    image = keras.Input((16, 16, 3), name="image")
    features = keras.layers.GlobalAveragePooling2D(name="pooled")(build(image))
    return {row.name: row for row in layer_facts.read(keras.Model(image, features))}


@pytest.mark.slow
def test_a_convolution_multiplies_its_kernel_once_for_each_place():
    from keras import layers

    found = rows(lambda x: layers.Conv2D(8, 3, 2, padding="same", name="block1_conv")(x))
    conv = found["block1_conv"]
    assert (conv.shape, conv.macs) == ((8, 8, 8), 8 * 8 * 8 * 3 * 3 * 3)
    assert (conv.params, conv.window, conv.stride) == (3 * 3 * 3 * 8 + 8, (3, 3), 2)
    assert found["pooled"].macs == 0


def test_groups_depthwise_separable_and_dense_layers_multiply_less():
    from keras import layers

    def build(x):
        x = layers.Conv2D(8, 1, name="block1_conv")(x)
        x = layers.Conv2D(8, 3, padding="same", groups=4, name="block1_grouped")(x)
        x = layers.DepthwiseConv2D(5, padding="same", name="block1_depthwise")(x)
        x = layers.SeparableConv2D(16, 3, padding="same", name="block1_separable")(x)
        return layers.Dense(4, name="block1_dense")(x)

    found, places = rows(build), 16 * 16
    assert found["block1_grouped"].macs == places * 3 * 3 * 2 * 8
    assert found["block1_depthwise"].macs == places * 5 * 5 * 8
    assert found["block1_separable"].macs == places * (3 * 3 * 8 + 8 * 16)
    assert found["block1_dense"].macs == places * 16 * 4


def test_the_receptive_field_grows_with_windows_times_the_strides_before_them():
    from keras import layers

    def build(x):
        x = layers.Conv2D(4, 3, 2, padding="same", name="block1_conv")(x)  # 3, step 2
        x = layers.MaxPooling2D(2, name="block1_pool")(x)  # 3 + 1 * 2, step 4
        x = layers.Conv2D(4, (1, 3), padding="same", name="block2_row")(x)  # 2 * 4 more, in columns only
        return layers.Conv2D(4, 3, padding="same", dilation_rate=2, name="block2_wide")(x)

    found = rows(build)
    fields = {name: found[name].receptive for name in found}
    assert fields["image"] == (1, 1)
    assert fields["block1_conv"] == (3, 3)
    assert fields["block1_pool"] == (5, 5)
    assert fields["block2_row"] == (5, 13)
    assert fields["block2_wide"] == (21, 29)
    assert fields["pooled"] is None


def test_where_branches_meet_the_widest_counts_and_a_gate_over_the_whole_image_does_not():
    from keras import layers

    def build(x):
        wide = layers.Conv2D(4, 7, padding="same", name="block1_wide")(x)
        narrow = layers.Conv2D(4, 1, name="block1_narrow")(x)
        both = layers.Add(name="block1_add")([wide, narrow])
        gate = layers.GlobalAveragePooling2D(keepdims=True, name="block1_squeeze")(both)
        gate = layers.Conv2D(4, 1, activation="sigmoid", name="block1_excite")(gate)
        return layers.Multiply(name="block1_gated")([both, gate])

    found = rows(build)
    assert found["block1_add"].receptive == (7, 7)
    assert found["block1_excite"].receptive is None
    assert found["block1_gated"].receptive == (7, 7)
    assert found["block1_gated"].sources == ("block1_add", "block1_excite")
    assert found["block1_excite"].function == "sigmoid"


def test_keras_own_numbers_start_again_with_every_network():
    from keras import layers

    def build(x):
        for _ in range(3):
            x = layers.Conv2D(4, 3, padding="same")(x)
        return x + 1

    first, second = rows(build), rows(build)
    assert [name for name in first if name.startswith("conv2d")] == ["conv2d", "conv2d_1", "conv2d_2"]
    assert first == second
    assert first["add"].holder == "" and first["add"].sources == ("conv2d_2",)


@pytest.mark.slow
def test_a_transformers_block_attends_and_thinks_and_each_of_its_tokens_sees_the_whole_image():
    found = {row.name: row for row in anatomy.describe("ToyCLIP").layers}
    embedding, block = found["embedding"], found["encoder_block_1"]
    tokens, width, hidden, heads = 8 * 8 + 1, 128, 256, 4
    assert (embedding.shape, embedding.receptive, embedding.window) == ((tokens, width), (4, 4), (4, 4))
    assert embedding.macs == 8 * 8 * 4 * 4 * 3 * width
    assert [step.shape for step in embedding.inside] == [(8, 8, width), (tokens, width), (tokens, width)]
    assert found["pre_layer_norm"].receptive == (4, 4)

    attention = next(step for step in block.inside if step.kind == "MultiHeadAttention")
    assert attention.macs == 4 * tokens * width**2 + 2 * tokens**2 * width
    assert attention.activations == 5 * tokens * width + 2 * heads * tokens**2
    assert block.macs == attention.macs + 2 * tokens * width * hidden
    assert block.activations == attention.activations + tokens * (5 * width + 2 * hidden)
    for name in ("encoder_block_0", "encoder_block_1", "layer_norm", "pooled"):
        assert found[name].receptive is None
    assert anatomy.describe("ToyCLIP").receptive is None
    assert found["pooled"].shape == (width,)


@pytest.mark.slow
def test_what_is_inside_a_layer_adds_up_to_it_and_ends_under_its_name():
    for row in anatomy.describe("ToyCLIP").layers:
        if row.inside:
            assert sum(step.params for step in row.inside) == row.params
            assert sum(step.trainable_params for step in row.inside) == row.trainable_params
            assert (row.inside[-1].name, row.inside[-1].shape) == (row.name, row.shape)
            known = set(row.sources)
            for step in row.inside:
                assert known.issuperset(step.sources)
                known.add(step.name)


@pytest.mark.slow
def test_nested_layers_are_rows_of_their_own_and_know_what_holds_them():
    found = {row.name: row for row in anatomy.describe("ConvNeXtTiny", 64).layers}
    stem = found["convnext_tiny_stem/convnext_tiny_stem_conv"]
    assert stem.holder == "convnext_tiny_stem" and stem.sources == ("convnext_tiny_prestem_normalization",)
    assert found["convnext_tiny_stage_0_block_0_depthwise_conv"].sources == (
        "convnext_tiny_stem/convnext_tiny_stem_layernorm",
    )
    assert (stem.shape, stem.receptive, stem.block) == ((16, 16, 96), (4, 4), "stem")
    sums = [row for row in found.values() if row.kind == "Add" and not row.holder]
    assert [row.part for row in sums[:4]] == [*(f"stage_0_block_{place}" for place in range(3)), "stage_1_block_0"]
    assert found["convnext_tiny_stage_2_block_0_depthwise_conv"].groups == 384
