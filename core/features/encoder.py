"""An encoder: a backbone, and every setting that decides which vector it turns an image into."""

from dataclasses import dataclass

from core import backbones, hardware
from core.backbones import Weights
from core.errors import WeightsError
from core.progress import Report, silent


@dataclass(frozen=True)
class Encoder:
    """Images to vectors. Defaults become the values they stand for, so encoders with equal vectors are equal.

    Raises:
        BackboneError, ConfigError: The backbone is unknown or has no such pooling.
    """

    backbone: str
    weights: str = "imagenet"  # imagenet (for CLIP: published), untrained, or the path of a weights file or folder
    input_size: int = 0  # pixels, square; 0: the backbone's default
    preprocessing: str = "own"  # one of images.PREPROCESSING, or the backbone's own
    pooling: str = "avg"
    precision: str = "auto"  # float32, tf32, bfloat16 (in a config: mixed), or the best for this machine

    def __post_init__(self):
        backbone = backbones.get(self.backbone)
        values = {
            "backbone": backbone.name,
            "weights": str(backbone.own_weights(self.weights)),
            "input_size": self.input_size or backbone.default_size,
            "preprocessing": backbone.preprocessing if self.preprocessing == "own" else self.preprocessing,
            "pooling": backbone.own_pooling(self.pooling),
            "precision": _precision(self.precision),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def needs_download(self) -> bool:
        """Whether its weights are published ones that are not on this machine yet."""
        backbone = backbones.get(self.backbone)
        published = self.weights == backbone.published and bool(backbone.weights_file)
        return published and backbones.published_here(backbone) is None

    def find_weights(self, report: Report = silent) -> Weights:
        """Its weights, downloaded if they are not on this machine.

        Raises:
            WeightsError: They cannot be found or downloaded.
        """
        return backbones.find_weights(self.backbone, self.weights, report=report)

    def local_weights(self) -> Weights:
        """Its weights, without a download.

        Raises:
            WeightsError: They are not on this machine yet.
        """
        if self.needs_download:
            backbone = backbones.get(self.backbone)
            raise WeightsError(
                f"The weights of {backbone.name} are not on this machine yet: they are downloaded when features are "
                "computed"
            )
        return self.find_weights()


def _precision(name: str) -> str:
    """The precision that a name stands for; auto is TF32 on a GPU. Imports no Keras.

    TF32 rounds what is multiplied to 10 bits, bfloat16 to 7, which changes a fifth of the nearest neighbours
    (docs/benchmarks.md).
    """
    if name == "auto":
        return "tf32" if hardware.describe()["gpu"] else "float32"
    return "bfloat16" if name == "mixed" else name
