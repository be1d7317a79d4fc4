"""What KerasHub and Keras do not promise, and the towers rely on: these tests fail when it moves."""

import numpy as np
import pytest

from core import backbones
from core.backbones import graph
from core.backbones.clip import layers, towers


@pytest.mark.slow
def test_the_class_token_is_the_first_and_its_layer_is_kerashubs():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    layer = layers.class_token("pooled")
    np.testing.assert_array_equal(np.asarray(layer(x)), x[:, 0])
    assert type(layer).__module__.startswith("keras_hub.")  # an exported model needs KerasHub and nothing of ours


def test_the_projections_of_an_attention_are_query_key_value_and_output():
    block = towers.image(backbones.get("ToyCLIP")).get_layer("encoder_block_0")
    shapes = [tuple(part.kernel.shape) for part in layers.attention_projections(block.attention)]
    assert shapes == [(128, 4, 32)] * 3 + [(4, 32, 128)]
    query, key, value, output = layers.attention_projections(block.attention)
    x = np.random.default_rng(0).normal(size=(1, 4, 128)).astype(np.float32)
    q, k, v = (np.einsum("btd,dhe->bhte", x, np.asarray(part.kernel)) for part in (query, key, value))
    weights = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(32))
    mixed = weights / weights.sum(axis=-1, keepdims=True) @ v
    expected = np.einsum("bhte,hed->btd", mixed, np.asarray(output.kernel))
    np.testing.assert_allclose(np.asarray(block.attention(x, x)), expected, atol=1e-5)


def test_an_encoder_layer_computes_what_it_does_with_its_attention_done_elsewhere():
    block = towers.image(backbones.get("ToyCLIP")).get_layer("encoder_block_0")
    x = np.random.default_rng(0).normal(size=(1, 4, 128)).astype(np.float32)
    np.testing.assert_allclose(layers.attended(block, [x], lambda attention, *y: attention(*y)), block(x), atol=1e-5)
    assert layers.attends(block) and layers.attends(block.attention) and not layers.attends(block.dense_1)


def test_the_text_tower_reads_where_kerashub_does():
    import keras
    from keras_hub.src.models.clip.clip_layers import CLIPTextPooler

    spec, rng = backbones.get("ToyCLIP"), np.random.default_rng(0)
    tower = towers.text(spec)
    tokens = np.array([[766, 5, 9, 767, 767], [766, 3, 767, 0, 0]], np.int32)
    (normed,) = next(use.outputs for use in graph.uses(tower) if use.operation.name == "layer_norm")
    before = keras.Model(tower.input, normed)
    pooled = CLIPTextPooler()(before(tokens), tokens)
    projection = rng.normal(size=tower.get_layer("projection").kernel.shape).astype(np.float32)
    tower.get_layer("projection").kernel.assign(projection)
    np.testing.assert_allclose(np.asarray(tower(tokens)), np.asarray(pooled) @ projection, rtol=1e-5, atol=1e-5)


def test_gelu_by_the_hyperbolic_tangent_is_kerashubs_so_that_a_saved_network_finds_it():
    import keras

    gelu = layers.tanh_gelu()
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    expected = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(gelu(x), expected, atol=1e-6)
    assert keras.activations.deserialize(keras.activations.serialize(gelu)) is gelu
