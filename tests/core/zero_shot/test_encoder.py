"""CLIP at work, on the toy that is shipped: captions lie near their pictures, and both towers are KerasHub's."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import backbones, features
from core.backbones.clip import tensors as clip_tensors
from core.backbones.clip import towers
from core.config import RunConfig
from core.data import datasets, images
from core.embeddings import Source
from core.errors import BackboneError, ConfigError, WeightsError
from core.features import Encoder, compiled
from core.zero_shot import encoder, tokenizer
from core.zero_shot.encoder import TextEncoder
from core.zero_shot.tokenizer import Tokenizer

TOY = "ToyCLIP"


@pytest.fixture(scope="module")
def sample() -> datasets.Dataset:
    return datasets.load("cifar10-sample")


@pytest.fixture(scope="module")
def text() -> TextEncoder:
    return TextEncoder(TOY)


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def test_the_toy_is_always_here_and_first():
    assert encoder.NAMES[0] == TOY
    assert encoder.here()[0] == TOY
    assert "CLIPViTB32" in encoder.NAMES


@pytest.mark.slow
def test_captions_lie_near_photos_of_their_class_far_more_often_than_by_chance(sample, text):
    rows = datasets.splits(sample)["test"]
    texts = text.embed([f"a photo of a {name}." for name in sample.class_names])
    found = encoder.image_features(TOY, sample, rows)
    assert texts.shape == (10, 64)
    assert found.values.shape == (500, 64)
    right = (found.values @ unit(texts).T).argmax(1) == sample.labels[rows]
    assert right.mean() > 0.3  # chance: 0.1


@pytest.mark.slow
def test_a_text_has_the_same_embedding_alone_and_among_others_of_any_length(text):
    alone = text.embed(["a photo of a cat."])
    encoder.forget_texts()
    among = text.embed(["truck", "a photo of a cat.", "a very long text about a ship " * 20, "truck"])
    np.testing.assert_allclose(among[1], alone[0], atol=1e-5)
    np.testing.assert_array_equal(among[0], among[3])


def test_only_texts_never_seen_before_go_through_the_tower(text, monkeypatch):
    encoder.forget_texts()
    text.embed(["a cat", "a dog"])
    passed, real = [], Tokenizer.encode
    monkeypatch.setattr(Tokenizer, "encode", lambda self, texts, most: passed.extend(texts) or real(self, texts, most))
    text.embed(["a cat", "a frog", "a frog"])
    assert passed == ["a frog"]


@pytest.mark.slow
def test_towers_agree_with_kerashubs_full_forward_pass(sample, text):
    from keras_hub.models import CLIPBackbone, CLIPTextEncoder, CLIPVisionEncoder

    spec, shape = backbones.get(TOY), towers.SHAPES[TOY]
    whole = CLIPBackbone(
        CLIPVisionEncoder(shape.patch, *_sizes(shape.image), image_shape=(32, 32, 3)),
        CLIPTextEncoder(shape.vocabulary, shape.text.width, *_sizes(shape.text)),
        shape.dim,
    )
    weights = backbones.find_weights(spec)
    image = backbones.load(spec, weights=weights, pooling="projected")
    text_tower = towers.text(spec)
    clip_tensors.read(weights.path, text_tower, spec, "text")
    for ours, theirs, projection in (
        (image, whole.vision_encoder, whole.vision_projection),
        (text_tower, whole.text_encoder, whole.text_projection),
    ):
        into = {layer.name: layer for layer in theirs.layers} | {"projection": projection}
        for layer in ours.layers:
            if layer.weights:
                into[layer.name].set_weights(layer.get_weights())
    whole.clip_head.logit_scale.assign(np.log(text.scaling.scale))
    photos, captions = sample.images[:5], ["a photo of a cat.", "truck", "a small photo of a ship."]
    pixels = np.asarray(compiled.prepare(photos, 32, "clip"))
    tokens = tokenizer.clip(weights.path).encode(captions, shape.context)
    expected = np.asarray(whole({"images": pixels, "token_ids": tokens})["vision_logits"])
    ours = text.scaling.scale * unit(np.asarray(image(pixels))) @ unit(text.embed(captions)).T
    np.testing.assert_allclose(ours, expected, atol=2e-3)


def _sizes(tower: towers.Tower) -> tuple[int, ...]:
    return tower.width, tower.depth, tower.heads, tower.hidden


@pytest.mark.slow
def test_a_photo_alone_is_embedded_as_in_its_dataset(sample):
    row = np.array([7])
    found = encoder.image_features(TOY, sample, row).values[0]
    np.testing.assert_allclose(encoder.embed_photo(TOY, sample.images[7]), found, atol=1e-4)


def test_a_wide_photo_is_cut_as_openai_does():
    photo = np.random.default_rng(0).integers(0, 256, (60, 101, 3), np.uint8)
    resized = Image.fromarray(photo).resize((53, 32), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(encoder.square(photo, 32), np.asarray(resized)[:, 10:42])
    assert encoder.square(photo[:1], 32).shape == (32, 32, 3)


def test_siglip_sees_the_whole_of_a_wide_photo_and_clip_its_middle():
    photo = np.random.default_rng(0).integers(0, 256, (60, 101, 3), np.uint8)
    whole = np.asarray(Image.fromarray(photo).resize((224, 224), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(encoder.prepare(photo, backbones.get("SigLIP2B16")), whole)
    clip = encoder.prepare(photo, backbones.get("CLIPViTB32"))
    np.testing.assert_array_equal(clip, encoder.square(photo, 224))
    assert not np.array_equal(clip, whole)


@pytest.mark.parametrize(("before", "after"), [(32, 224), (96, 224), (300, 224)])
def test_preprocessing_is_pillows_bicubic_and_clips_own_mean_and_deviation(before, after):
    rng = np.random.default_rng(before)
    photos = rng.integers(0, 256, (3, before, before, 3), np.uint8)
    resized = [np.asarray(Image.fromarray(photo).resize((after, after), Image.Resampling.BICUBIC)) for photo in photos]
    mean, deviation = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    expected = (np.stack(resized) / 255.0 - mean) / deviation
    found = np.asarray(compiled.prepare(photos, after, "clip"))
    levels = np.abs(found - expected) * deviation * 255  # of 0 to 255
    assert levels.max() < 2.01  # Pillow adds up in whole numbers
    assert levels.mean() < 0.05
    assert images.PREPROCESSING["clip"].channels == "RGB"


@pytest.mark.slow
def test_features_come_before_and_after_the_projection_and_average_stands_for_the_class_token(sample):
    spec, rows = backbones.get(TOY), np.arange(4)
    before = features.extract(sample, rows, Encoder(TOY))
    after = features.extract(sample, rows, Encoder(TOY, pooling="projected"))
    assert before.values.shape == (4, spec.feature_dim)
    kernel = backbones.load(spec, pooling="projected").get_layer("projection").kernel
    np.testing.assert_allclose(before.values @ np.asarray(kernel), after.values, atol=1e-4)
    assert features.key_of(sample, Encoder(TOY)).pooling == "class"


def test_a_run_of_clip_says_class_token_and_published_weights():
    config = RunConfig(backbone=TOY)
    assert (config.pooling, config.weights, config.input_size) == ("class", "published", 32)
    assert Source(backbone=TOY).pooling == "class"
    with pytest.raises(ConfigError, match="class, projected"):
        RunConfig(backbone=TOY, pooling="max")
    with pytest.raises(ConfigError, match="avg, max, flatten"):
        RunConfig(pooling="projected")
    with pytest.raises(ConfigError, match="32 px"):
        RunConfig(backbone=TOY, input_size=64)


def test_an_outline_has_the_parameters_of_the_table():
    for name in ("ToyCLIP", "CLIPViTB32"):
        spec = backbones.get(name)
        outline = backbones.outline(spec, input_size=spec.default_size)
        assert outline.count_params() == spec.params
        assert outline.output_shape[-1] == spec.feature_dim
        assert len(backbones.weight_layers(outline)) == spec.depth


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in encoder.NAMES if "14" in name or name.endswith(("ViTB16", "LAION"))])
def test_large_outlines_have_the_parameters_of_the_table_and_both_towers_those_of_the_preset(name):
    from keras_hub.models import CLIPBackbone

    spec = backbones.get(name)
    outline = backbones.outline(spec, input_size=spec.default_size, pooling="projected")
    with backbones.without_values():
        text = towers.text(spec)
    projection = outline.get_layer("projection").count_params()
    assert outline.count_params() - projection == spec.params
    known = CLIPBackbone.presets[backbones.get(name).preset]["metadata"]["params"]
    assert outline.count_params() + text.count_params() + 1 == known  # 1: the scale


@pytest.mark.slow
def test_untrained_towers_work_for_timing(text):
    untrained = TextEncoder(TOY, "untrained")
    values = untrained.embed(["a cat", "a dog"])
    assert values.shape == (2, 64)
    assert not np.allclose(values, text.embed(["a cat", "a dog"]))
    assert untrained.scaling.scale == pytest.approx(14.29, abs=0.01)


def test_bad_texts_and_names_are_refused_in_words(text):
    with pytest.raises(ConfigError, match="empty"):
        text.embed(["a cat", "  "])
    with pytest.raises(BackboneError, match="ToyCLIP"):
        TextEncoder("ResNet50")


def test_without_weights_it_says_the_three_ways_to_them(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"hf download openai/clip-vit-base-patch32.*KerasHub.*warm"):
        TextEncoder("CLIPViTB32", str(tmp_path))


@pytest.mark.slow
def test_blocks_of_the_image_tower_can_be_unfrozen_and_looked_at_one_by_one():
    from core.backbones import blocks
    from core.features import layers

    network = backbones.load(TOY, pooling="projected")
    names = ["stem", "encoder_block_0", "encoder_block_1", "layer_norm", "projection", "pool"]
    assert list(blocks.of(network)) == names
    model, columns = layers.cut(backbones.load(TOY))
    assert list(columns) == ["encoder_block_0", "encoder_block_1", "layer_norm"]
    pixels = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype(np.float32)
    for first, end in columns.values():  # not so before the first attention: the class token is of no image yet
        assert np.abs(np.diff(np.asarray(model(pixels))[:, first:end], axis=0)).max() > 0.01
    last = np.asarray(model(pixels))[:, slice(*columns["layer_norm"])]
    np.testing.assert_allclose(last, np.asarray(backbones.load(TOY)(pixels)), atol=1e-5)
