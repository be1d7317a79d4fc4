"""A network of Keras Applications or our own in a run's code: how it is built, and where its weights come from."""

import json
from pathlib import Path

from core import backbones, settings
from core.backbones import Backbone, networks
from core.config import RunConfig
from core.export.script import snippets as texts

TRAINED = "as it was trained on ImageNet, without its classifier"
READS_TENSORS = False  # Keras reads the weights file
BATCHNORM = True  # layers that may have to be kept in inference mode
SAME_PARAMS = True  # as many as the run counted


def weights(config: RunConfig, facts: Backbone) -> str | None:
    """The value of WEIGHTS; None where there are none, or Keras knows them by name."""
    if untrained(config, facts):
        return None
    if config.weights != "imagenet":
        path = Path(config.weights).expanduser()
        return json.dumps(str((path / facts.weights_file if path.is_dir() else path).resolve()))
    here = backbones.published_here(facts)
    if here and not here.is_relative_to(settings.keras_home()):
        return json.dumps(str(here)) + ("" if not facts.weights_url else f"  # = {facts.weights_url}")
    if facts.name in ("MobileNet", "MobileNetV2") and config.input_size != facts.default_size:
        # Keras takes other weights for some sizes, the run took those of 224 px.
        return f'keras.utils.get_file(\n    origin="{facts.weights_url}", cache_subdir="models"\n)'
    return None


def built(config: RunConfig, facts: Backbone) -> list[str]:
    """`network`, images to pooled features, with its weights."""
    own = config.backbone in networks.OWN
    pooling = {"avg": "GlobalAveragePooling2D", "max": "GlobalMaxPooling2D", "flatten": "Flatten"}[config.pooling]
    if own:
        lines = [f"network = {networks.OWN[config.backbone].__name__}(INPUT_SIZE)"]
        if not untrained(config, facts):
            lines.append("network.load_weights(WEIGHTS)")
    else:
        given = weights(config, facts)
        value = "None" if untrained(config, facts) else "WEIGHTS" if given else '"imagenet"'
        lines = [
            f"network = keras.applications.{config.backbone}(",
            f"    include_top=False, weights={value}, input_shape=(INPUT_SIZE, INPUT_SIZE, 3)",
            ")",
        ]
        if value == "WEIGHTS" and facts.family == "EfficientNet":
            lines.append(texts.EFFICIENTNET_FILE.strip())
    return [*lines, f"network = keras.Model(network.input, keras.layers.{pooling}()(network.output))"]


def untrained(config: RunConfig, facts: Backbone) -> bool:
    """Whether the network starts from chance."""
    return config.weights == "untrained" or (config.weights == "imagenet" and not facts.weights_file)
