"""Our textbook networks are Keras's: as many parameters in each stage, and the same output from the same tensors."""

from collections.abc import Iterator

import numpy as np
import pytest

from core.backbones import textbook
from core.curriculum import parity
from core.errors import BackboneError

IN_KERAS = [name for name, network in textbook.NETWORKS.items() if network.keras]


@pytest.fixture
def forget() -> Iterator[None]:
    """Large networks are let go after each test."""
    yield
    import sys

    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session()


@pytest.mark.slow
@pytest.mark.usefixtures("forget")
@pytest.mark.parametrize("name", IN_KERAS)
def test_with_keras_tensors_it_gives_what_keras_network_gives(name):
    checked = parity.check(name)
    assert checked.typical > 1e-6  # something comes out
    assert checked.largest_difference < 1e-3 * checked.typical + 1e-7
    assert checked.tensors > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_KERAS)
def test_it_has_the_parameters_of_keras_network_stage_by_stage(name):
    compared = parity.compare(name)
    assert compared.ours == compared.keras
    assert all(stage.ours == stage.keras for stage in compared.resolutions)
    sizes = [stage.size for stage in compared.resolutions]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.slow
def test_a_projection_in_every_block_costs_what_twelve_more_convolutions_cost():
    compared = parity.compare("TextbookResNet50")
    blocks, channels = (3, 4, 6, 3), (256, 512, 1024, 2048)
    more = sum((n - 1) * (c * c + c + 4 * c) for n, c in zip(blocks, channels, strict=True))  # kernel, bias, BatchNorm
    assert compared.variants == {"A projection in every block": compared.ours + more}


def test_tensors_in_another_order_are_noticed():
    """Two layers of the same shape, mixed up: the outputs differ, so `check` can fail."""
    from keras import Input, Model, layers

    def network(first: str, second: str):
        image = Input((4, 4, 3))
        x = layers.Conv2D(3, 3, padding="same", activation=first)(image)
        return Model(image, layers.Conv2D(3, 3, padding="same", activation=second)(x))

    rng = np.random.default_rng(0)
    same, other = network("relu", "tanh"), network("tanh", "relu")
    theirs = network("relu", "tanh")
    assert parity.copy_tensors(same, theirs, rng) == 4
    other.set_weights(theirs.get_weights())
    image = rng.normal(size=(1, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(same(image), theirs(image), atol=1e-6)
    assert np.abs(np.asarray(other(image)) - np.asarray(theirs(image))).max() > 1e-3


def test_networks_of_other_tensors_are_refused():
    from keras import Input, Model, layers

    def network(*channels: int):
        x = image = Input((4, 4, 3))
        for count in channels:
            x = layers.Conv2D(count, 3)(layers.ZeroPadding2D(1)(x))
        return Model(image, x)

    rng = np.random.default_rng(0)
    with pytest.raises(BackboneError, match=r"1 layers .* of 2"):
        parity.copy_tensors(network(4), network(4, 4), rng)
    with pytest.raises(BackboneError, match="do not fit"):
        parity.copy_tensors(network(4), network(5), rng)


def test_only_textbook_networks_are_compared():
    with pytest.raises(BackboneError, match=r"ResNet50.*TextbookResNet50"):
        parity.compare("ResNet50")
    with pytest.raises(BackboneError, match="no counterpart"):
        parity.check("TextbookInception")
