"""Linear probes of layers: one for each depth, chosen on validation, tested once, kept."""

from dataclasses import replace

import numpy as np
import pytest

from core import embeddings, heads
from core.data import datasets
from core.embeddings import Source
from core.errors import ConfigError, Stopped
from core.evaluation import layer_probes
from core.features import layers
from core.features.estimates import Count

TINY = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=50)


@pytest.mark.slow
def test_each_depth_gets_a_head_that_is_tested_on_images_it_never_saw():
    before, after = Count("layers"), Count("layers")
    layer_probes.count(TINY, layers.of("Tiny", 8), n_train=90, into=before)
    found = layer_probes.measure(TINY, n_train=90)
    layer_probes.count(TINY, layers.of("Tiny", 8), n_train=90, into=after)
    assert (before.images, after.images) == (90 + 20 + 50, 0)
    assert [(probe.block, probe.channels) for probe in found.probes] == [("block1", 8), ("block2", 16), ("block3", 16)]
    assert (found.n_train, found.n_test) == (90, 50)
    assert found.n_val == 20  # two a class
    assert all(probe.accuracy_low <= probe.accuracy <= probe.accuracy_high for probe in found.probes)
    last = found.probes[-1]
    assert last.accuracy == _by_hand(last.strength)
    assert layer_probes.find(TINY, n_train=90) == found


def _by_hand(strength: float) -> float:
    """Accuracy of a head of this strength on the network's own features."""
    dataset = datasets.load(TINY.dataset)
    train, test = (embeddings.values(replace(TINY, images=i, n_images=n)) for i, n in (("train", 90), ("test", 50)))
    y = dataset.labels
    options = heads.Options(strength=strength)
    known = heads.Labelled(train.values, y[train.rows])
    head = heads.fit("linear", known, known, classes=10, options=options)
    return float(np.mean(head.predict_proba(test.values).argmax(1) == y[test.rows]))


@pytest.mark.slow
def test_what_was_measured_is_not_measured_again_and_what_decides_asks_anew():
    assert layer_probes.find(TINY, n_train=60) is None
    layer_probes.measure(TINY, n_train=60)
    moments = []
    layer_probes.measure(TINY, n_train=60, report=moments.append)
    assert not moments
    assert layer_probes.find(TINY, n_train=70) is None
    assert layer_probes.find(replace(TINY, n_images=40), n_train=60) is None
    assert layer_probes.find(replace(TINY, layer="block1"), n_train=60) is not None  # its own layer does not matter


@pytest.mark.slow
def test_a_damaged_file_is_a_miss(home, caplog):
    layer_probes.measure(TINY, n_train=60)
    next(home.glob("layer_probes/*.json")).write_text('{"probes": [{}]}')
    assert layer_probes.find(TINY, n_train=60) is None
    assert "cannot be read" in caplog.text


def test_only_test_images_are_tested_on():
    with pytest.raises(ConfigError, match="test images"):
        layer_probes.measure(replace(TINY, images="train"), n_train=60)


@pytest.mark.slow
def test_a_stop_leaves_nothing_half(home):
    def stop(progress):
        if progress.stage == "train":
            raise Stopped

    with pytest.raises(Stopped):
        layer_probes.measure(TINY, n_train=60, report=stop)
    assert not list(home.glob("layer_probes/*"))
    assert embeddings.missing(replace(TINY, layer=layers.of("Tiny", 8)[0].block)) == 0  # the features stay
