"""The code of HGNetV2, written out in plain Keras; it reads the weights from timm's file with NumPy alone."""

from core.backbones.catalog import Backbone
from core.backbones.hgnetv2.shapes import SHAPES, source
from core.backbones.hgnetv2.tensors import NORM
from core.config import RunConfig
from core.export.script import applications, tensors

TRAINED = "as it was published, without a classifier"
READS_TENSORS = True  # the script parses the weights file itself
SAME_PARAMS = True  # the script counts as many parameters as the run

weights = tensors.weights


def built(config: RunConfig, spec: Backbone) -> list[str]:
    """Code for `network`: images to the pooled feature map, with its weights."""
    shape = SHAPES[spec.name]
    lines = [source().strip(), "", "", f"network = hgnetv2(INPUT_SIZE, {shape.stem}, {shape.stages})"]
    lines += [f"network = keras.Model(network.input, {applications.POOLINGS[config.pooling]}(network.output))"]
    if config.weights != "untrained":
        lines += ["", "", tensors.READ.strip(), "", "", _READ.strip().replace("NORM", str(NORM))]
    return lines


_READ = """
norm = NORM
for layer in network.layers:
    name = layer.name.replace("_block_0_downsample", "_downsample").replace("stage_", "stages_")
    name = name.replace("block_", "blocks_").replace("_", ".")
    for variable in layer.weights:
        value = stored[f"{name}.{norm.get(variable.name, 'weight')}"]
        variable.assign(value.transpose(2, 3, 1, 0).reshape(variable.shape) if value.ndim == 4 else value)
"""
