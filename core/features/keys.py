"""What decides a feature: the key of its entry in the cache."""

from dataclasses import asdict, dataclass

from core import backbones, storage
from core.data.datasets import Dataset
from core.features.encoder import Encoder

VERSION = 1  # increase it when the same key would give different features
NORM_LAST = 2  # of poolings that a LayerNorm follows (ConvNeXt); in version 1 it came first, which is norm-avg now


@dataclass(frozen=True)
class Key:
    """Everything that affects a feature, apart from the row of its image."""

    backbone: str
    weights: str  # digest
    dataset: str  # fingerprint
    input_size: int  # pixels
    preprocessing: str
    pooling: str
    precision: str
    version: int = VERSION
    output: str = ""  # which output of the network; "": the pooled last feature map

    @property
    def digest(self) -> str:
        """16 hexadecimal digits."""
        # Without an output, the digest is what it was before keys had one.
        values = {name: value for name, value in asdict(self).items() if name != "output" or value}
        return storage.digest(values | {"backbone": backbones.get(self.backbone).stored_name})


def key_of(dataset: Dataset, encoder: Encoder, *, weights: str = "", output: str = "") -> Key:
    """The key of an encoder's output.

    Args:
        weights: The digest of its weights, or of a trained network's; by default they are found on this machine.
        output: Which output of the network; "": the features that `extract` returns.

    Raises:
        WeightsError: The weights are not on this machine yet.
    """
    follows = backbones.get(encoder.backbone).norm_follows(encoder.pooling)
    return Key(
        backbone=encoder.backbone,
        weights=weights or encoder.local_weights().digest,
        dataset=dataset.fingerprint,
        input_size=encoder.input_size,
        preprocessing=encoder.preprocessing,
        pooling=encoder.pooling.removeprefix("norm-"),
        precision=encoder.precision,
        version=NORM_LAST if follows else VERSION,
        output=output,
    )
