"""The code that builds a network from Keras Applications, or one of our own, and loads its weights."""

from core import backbones, quoting, settings
from core.backbones import Backbone, networks
from core.config import RunConfig
from core.export.script import snippets

TRAINED = "as it was trained on ImageNet, without its classifier"
READS_TENSORS = False  # Keras reads the weights file
SAME_PARAMS = True  # the script counts as many parameters as the run
POOLINGS = {
    "avg": "keras.layers.GlobalAveragePooling2D()",
    "max": "keras.layers.GlobalMaxPooling2D()",
    "flatten": "keras.layers.Flatten()",
}


def weights(config: RunConfig, spec: Backbone) -> str | None:
    """The value of WEIGHTS; None for an untrained network, and for weights that Keras finds by name."""
    if untrained(config, spec):
        return None
    if config.weights != "imagenet":
        path = settings.expanded(config.weights)
        return quoting.python(str((path / spec.weights_file if path.is_dir() else path).resolve()))
    local = backbones.published_here(spec)
    if local and not local.is_relative_to(settings.keras_home()):
        return quoting.python(str(local)) + ("" if not spec.weights_url else f"  # = {spec.weights_url}")
    if spec.name in ("MobileNet", "MobileNetV2") and config.input_size != spec.default_size:
        # Keras has separate weights for some input sizes; the run used those for 224 px.
        return f'keras.utils.get_file(\n    origin="{spec.weights_url}", cache_subdir="models"\n)'
    return None


def built(config: RunConfig, spec: Backbone) -> list[str]:
    """Code for `network`: images to pooled features, with its weights."""
    pool = POOLINGS[config.pooling.removeprefix("norm-")]
    pooled = [f"network = keras.Model(network.input, {pool}(network.output))"]
    follows = spec.norm_follows(config.pooling)  # a LayerNorm follows the pooling
    if config.backbone in networks.OWN:
        lines = [f"network = {networks.OWN[config.backbone].__name__}(INPUT_SIZE)"]
        if not untrained(config, spec):
            lines.append("network.load_weights(WEIGHTS)")
        if follows:
            pooled = snippets.NORM_LAST.replace("POOL", pool).strip().splitlines()
    else:
        value = "None" if untrained(config, spec) else "WEIGHTS" if weights(config, spec) else '"imagenet"'
        lines = [
            f"network = keras.applications.{config.backbone}(",
            f"    include_top=False, weights={value}, input_shape=(INPUT_SIZE, INPUT_SIZE, 3)",
            ")",
        ]
        if follows:
            lines[1] += f', pooling="{config.pooling}"  # and then its LayerNorm'
            pooled = []
        if value == "WEIGHTS" and spec.family == "EfficientNet":
            lines.append(snippets.EFFICIENTNET_FILE.strip())
    return lines + pooled


def untrained(config: RunConfig, spec: Backbone) -> bool:
    """Whether the network starts from random weights."""
    return config.weights == "untrained" or (config.weights == "imagenet" and not spec.weights_file)
