"""A stranger lies far from the training images, judged by validation images: with the weights that are shipped."""

from math import isnan
from pathlib import Path

import numpy as np
import pytest
import sklearn

from core import execute, features, protocol, runs
from core.config import RunConfig
from core.data import datasets, images
from core.explain import novelty, predict

PHOTOS = Path(sklearn.__file__).parent / "datasets" / "images"
PROBE = RunConfig(backbone="EfficientNetLite0", input_size=64, n_train=600, n_test=10)

pytestmark = pytest.mark.slow


def test_a_flower_is_a_stranger_to_cifar_and_a_validation_image_is_not_always(store):
    run_id = runs.create(PROBE)
    execute.perform(run_id)
    assert runs.get(run_id).error is None
    flower = images.decode((PHOTOS / "flower.jpg").read_bytes(), name="flower.jpg")
    assert predict.answer(run_id, flower).share_nearer >= novelty.UNUSUAL

    dataset = datasets.load(PROBE.dataset)
    known = protocol.choose_rows(dataset, PROBE)["val"]
    vectors = features.extract(dataset, known, PROBE.encoder).values
    shares = [novelty.share_nearer(PROBE, vector[None]) for vector in vectors]
    assert np.mean(np.array(shares) >= novelty.UNUSUAL) == pytest.approx(1 - novelty.UNUSUAL, abs=0.02)  # of 66 images

    features.clear()
    assert isnan(novelty.share_nearer(PROBE, vectors[:1])), "no features, no answer"


def test_a_published_classifier_has_no_training_images_to_compare_with(store):
    assert isnan(predict.answer("imagenet:EfficientNetLite0", np.zeros((32, 32, 3), np.uint8)).share_nearer)
