"""Layer-wise decay of the learning rate: the nearer a block is to the image, the smaller its steps.

    learning rate of a block = that of the head * decay ** distance, with distance 1 for the last block

Clark et al., ELECTRA (arXiv:2003.10555); Bao et al., BEiT (arXiv:2106.08254). As in BEiT's code, normalisation after
the last block learns like the head.
"""

from typing import Any

from core.backbones import blocks
from core.config import RunConfig
from core.training import freezing
from core.training.freezing import Frozen


def distances(frozen: Frozen) -> dict[str, int]:
    """How many blocks each one is from the head, itself included; blocks of normalisation alone do not count."""
    distance, by_block = 0, {}
    for block in reversed(frozen.blocks):
        weighted = [layer for layer in frozen.layers if layer.block == block.name and layer.weight_layer]
        distance += any(not layer.kind.endswith("Normalization") for layer in weighted)
        by_block[block.name] = distance
    return dict(reversed(by_block.items()))


def rates(frozen: Frozen, config: RunConfig) -> dict[str, float]:
    """The learning rate of each block that trains, in forward order."""
    distance = distances(frozen)
    trained = [block.name for block in frozen.blocks if block.trainable_params]
    return {name: config.learning_rate * config.layer_decay ** distance[name] for name in trained}


def shares(network: Any, decay: float) -> dict[int, float]:
    """The share of the learning rate by the id of each weight of a network; empty if all have the same."""
    if decay == 1:
        return {}
    distance = distances(freezing.inspect(network))
    return {
        id(weight): decay ** distance[block]
        for block, names in blocks.of(network).items()
        for name in names
        for weight in network.get_layer(name).weights
    }
