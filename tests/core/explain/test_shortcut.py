"""A run that sees only the background is told from one that sees only the photo."""

import numpy as np
import pytest

from core import execute, runs
from core.config import RunConfig
from core.data import shortcut as images
from core.errors import ConfigError
from core.explain import attribution, faithfulness, shortcut

TINY = {"backbone": "Tiny", "n_train": 100, "n_test": 40}
INTEGRATED = "integrated-gradients"


def by_colour(where: str):
    """A network that answers the class whose colour is nearest to the mean of the background, or of the photo."""
    import keras

    seen = images.BACKGROUND if where == "background" else 1 - images.BACKGROUND
    pixels = keras.Input((images.SIZE, images.SIZE, 3), dtype="uint8")
    x = keras.ops.cast(pixels, "float32") * (seen / seen.mean())[..., None]
    x = keras.layers.GlobalAveragePooling2D()(x)
    classifier = keras.layers.Dense(len(images.COLOURS), "softmax")
    model, colours = keras.Model(pixels, classifier(x)), images.COLOURS.astype(np.float32)
    apart = colours - colours.mean(axis=0)  # which changes all scores alike
    classifier.set_weights([2e-3 * apart.T, -1e-3 * (colours**2).sum(axis=1)])  # minus the squared distance
    return model


@pytest.fixture
def run_id(store) -> str:
    run_id = runs.create(RunConfig(**TINY, dataset=images.NAME))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    return run_id


@pytest.mark.slow
def test_a_network_that_sees_the_background_alone_follows_it_and_all_its_evidence_lies_there(run_id, monkeypatch):
    monkeypatch.setattr(faithfulness, "IMAGES", 3)
    monkeypatch.setattr(shortcut.models, "load", lambda run_id: by_colour("background"))
    measured = shortcut.measure(run_id)
    assert (measured.accuracy("own").value, measured.accuracy("swapped").value, measured.follows.value) == (1, 0, 1)
    assert measured.change("swapped").clear
    assert set(measured.predictions["grey"]) == {measured.predictions["grey"][0]}
    assert measured.evidence[INTEGRATED].low > 0.99
    assert set(measured.evidence) == {"grad-cam", "occlusion", INTEGRATED, "smoothgrad"}  # there is no attention
    assert shortcut.find(run_id) == measured
    monkeypatch.setattr(shortcut.models, "load", None)  # the second time, it is read
    assert shortcut.measure(run_id) == measured


@pytest.mark.slow
def test_a_network_that_sees_the_photo_alone_answers_the_same_on_any_background(run_id, monkeypatch):
    monkeypatch.setattr(faithfulness, "IMAGES", 3)
    monkeypatch.setattr(attribution, "METHODS", {INTEGRATED: attribution.METHODS[INTEGRATED]})
    monkeypatch.setattr(shortcut.models, "load", lambda run_id: by_colour("photo"))
    measured = shortcut.measure(run_id)
    assert measured.predictions["own"] == measured.predictions["grey"] == measured.predictions["swapped"]
    assert not measured.change("swapped").difference
    assert measured.evidence[INTEGRATED].high < 0.01


@pytest.mark.slow
def test_a_run_on_other_images_is_refused(store):
    run_id = runs.create(RunConfig(**TINY))
    assert execute.perform(run_id) == "finished"
    with pytest.raises(ConfigError, match=r"cifar10-sample, whose backgrounds are not known.*cifar10-shortcut"):
        shortcut.measure(run_id)
