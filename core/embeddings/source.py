"""Which vectors of which images, as plain values."""

from dataclasses import dataclass

from core import backbones, options
from core.config import RunConfig
from core.errors import ConfigError, RunError
from core.features import Encoder
from core.options import option
from core.runs import Run

IMAGES = {  # which images of a dataset, as words that follow a number
    "all": "images",
    "train": "training images",
    "val": "validation images",
    "test": "test images",
    "probe20": "training images of the probe's 20 %",
    "finetune80": "training images of the fine-tune's 80 %",
}
WHAT = {"features": "Features, before the head", "logits": "Logits, the output of the head"}
ENCODER = ("backbone", "weights", "input_size", "preprocessing", "pooling")  # fields of sources and configs


@dataclass(frozen=True)
class Source:
    """Which vectors of which images, as plain values.

    Raises:
        ConfigError: A value is not allowed; BackboneError: the backbone is unknown.
    """

    dataset: str = options.same(RunConfig, "dataset")
    images: str = option("all", "Images", "which images of the dataset", choices=IMAGES)
    n_images: int = option(
        0,
        "How many images",
        "the same share of each class; 0: all. A smaller sample is part of a larger one",
        least=0,
        offered=(0, 1_000_000),
        step=1000,
    )
    seed: int = option(0, "Seed", "seed of the sample and of the layout", least=0, offered=(0, 2**31 - 1))
    run: str = option(  # replaces the fields from `backbone` on
        "", "Run", "id of a run: its network instead of the backbone's", value="RUN"
    )
    what: str = option("features", "Vectors", "features, or a run's logits", choices=WHAT)
    layer: str = option(  # its pooled output
        "", "Layer", "a block of the network, instead of its last one", value="NAME"
    )
    backbone: str = options.same(RunConfig, "backbone")
    weights: str = options.same(RunConfig, "weights")
    input_size: int = options.same(RunConfig, "input_size", least=0, most=None)
    preprocessing: str = options.same(RunConfig, "preprocessing")
    pooling: str = options.same(RunConfig, "pooling")

    def __post_init__(self):
        options.check(self, "a source")
        backbone = backbones.get(self.backbone)
        object.__setattr__(self, "backbone", backbone.name)
        object.__setattr__(self, "pooling", backbone.own_pooling(self.pooling))
        object.__setattr__(self, "weights", backbone.own_weights(self.weights))

    @property
    def encoder(self) -> Encoder:
        """The encoder that these fields describe; the encoder of `run` may differ."""
        return Encoder(**{name: getattr(self, name) for name in ENCODER})


def check(source: Source, run: Run | None) -> None:
    """Whether a source has vectors, given its run. Raises ConfigError or RunError."""
    if run is None:
        if source.what == "logits":
            raise ConfigError("A backbone has no logits", "a run, whose head gives logits", "Choose a run")
        return
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and left no network", "a finished run")
    if source.what == "logits" and source.layer:
        raise ConfigError("Logits do not belong to a block", "logits, or features after a block", "Choose one of them")
