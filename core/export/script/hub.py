"""The code of KerasHub's vision transformers, written out in plain Keras.

It reads the weights from Hugging Face's file with NumPy alone; `core.backbones.hub.tensors` has the tensors' names.
"""

from collections.abc import Callable

from core.backbones import networks
from core.backbones.catalog import Backbone
from core.backbones.hub import tensors as hub_tensors
from core.backbones.hub.networks import SHAPES, Swin, source, vision_transformer
from core.config import RunConfig
from core.export.script import applications, tensors

TRAINED = "as it was published, without a classifier"
READS_TENSORS = True  # the script parses the weights file itself
SAME_PARAMS = True  # the script counts as many parameters as the run

weights = tensors.weights


def built(config: RunConfig, spec: Backbone) -> list[str]:
    """Code for `network`: images to the class token, the mean of the patches or Swin's pooled map, with its weights."""
    shape = SHAPES[spec.name]
    if isinstance(shape, Swin):
        return _swin(config, spec, shape)
    sizes = f"{shape.patch}, {shape.depth}, {shape.width}, {shape.heads}"
    options = f", tokens={shape.tokens}, scaled={shape.scaled}"
    lines = [POSITIONS.strip(), "", "", code(vision_transformer), ""]
    if config.pooling == "class":
        lines += [tensors.FIRST_TOKEN.strip(), "", ""]
        pooled = 'FirstToken(name="pooled")(network.output)'
    else:
        lines.append("")
        pooled = f"keras.layers.Cropping1D(({shape.tokens}, 0))(network.output)"
        pooled = f"keras.layers.GlobalAveragePooling1D()({pooled})"
    lines += [f"network = vision_transformer(INPUT_SIZE, {sizes}{options})"]
    lines += [f"network = keras.Model(network.input, {pooled})"]
    if config.weights != "untrained":
        family = hub_tensors.FAMILIES[spec.family]
        read = _READ.replace("PREFIX", f"{family.model_type}.").replace("NAMES", str(family.layers))
        read = read.replace("TOKENS", str(list(hub_tensors.TOKENS[: shape.tokens])))
        lines += ["", "", code(hub_tensors.resized), "", tensors.READ.strip(), "", "", read.strip()]
    return lines


def code(build: Callable) -> str:
    """The source code of a function, which finds `POSITIONS` in the script."""
    return networks.source(build).replace(_IMPORT, "")


def _swin(config: RunConfig, spec: Backbone, shape: Swin) -> list[str]:
    call = f"swin_transformer(INPUT_SIZE, {shape.width}, {shape.depths}, {shape.heads}, {shape.window})"
    lines = [source(spec.name).strip(), "", "", f"network = {call}"]
    lines += [f"network = keras.Model(network.input, {applications.POOLINGS[config.pooling]}(network.output))"]
    if config.weights != "untrained":
        read = _READ_SWIN.strip().replace("NAMES", str(hub_tensors.FAMILIES[spec.family].layers))
        lines += ["", "", tensors.READ.strip(), "", "", read]
    return lines


_IMPORT = "    from keras_hub.layers import PositionEmbedding\n"
POSITIONS = '''
class PositionEmbedding(keras.layers.Layer):
    """A learned vector for each position, the same for every image: KerasHub's layer of this name."""

    def __init__(self, length, initializer, **kwargs):
        super().__init__(**kwargs)
        self.length, self.initializer = length, keras.initializers.get(initializer)

    def build(self, shape):
        self.position_embeddings = self.add_weight(shape=(self.length, shape[-1]), initializer=self.initializer)

    def call(self, x):
        return keras.ops.broadcast_to(self.position_embeddings, keras.ops.shape(x))
'''

_READ = """
stored = {name.removeprefix("PREFIX"): value for name, value in stored.items()}
names = NAMES
put(network.get_layer("layer_norm"), "layernorm")
for layer in network.layers:
    if layer.name.startswith("transformer_block_") and layer.weights:
        index, part = layer.name.removeprefix("transformer_block_").split("_", 1)
        name = f"encoder.layer.{index}.{names[part]}"
        if part == "attention":
            put(layer.query_dense, f"{name}.attention.query")
            put(layer.key_dense, f"{name}.attention.key")
            put(layer.value_dense, f"{name}.attention.value")
            put(layer.output_dense, f"{name}.output.dense")
        elif part.endswith("_scale"):
            layer.kernel.assign(stored[f"{name}.lambda1"].reshape(layer.kernel.shape))
        else:
            put(layer, name)
patches = network.get_layer("stem_patches")
patches.kernel.assign(stored["embeddings.patch_embeddings.projection.weight"].transpose(2, 3, 1, 0))
patches.bias.assign(stored["embeddings.patch_embeddings.projection.bias"])
tokens = np.concatenate([stored[name][0] for name in TOKENS])
network.get_layer("stem_class_token").position_embeddings.assign(tokens)
positions = stored["embeddings.position_embeddings"][0]
grid = resized(positions[len(tokens) :], patches.output.shape[1])  # of another input size
network.get_layer("stem_positions").position_embeddings.assign(np.concatenate([positions[: len(tokens)], grid]))
"""

_READ_SWIN = """
stored = {name.removeprefix("swin."): value for name, value in stored.items()}
names = NAMES
for layer in network.layers:
    if layer.name.startswith("stage_") and layer.weights:
        _, stage, _, block, part = layer.name.split("_", 4)
        name = f"encoder.layers.{stage}.blocks.{block}"
        if part.startswith("merge_"):
            name = f"encoder.layers.{int(stage) - 1}.downsample"
        name += f".{names[part]}"
        if part == "attention":
            for kind in ("weight", "bias"):
                parts = [stored[f"{name}.self.{each}.{kind}"] for each in ("query", "key", "value")]
                stored[f"{name}.self.{kind}"] = np.concatenate(parts)
            put(layer.qkv_dense, f"{name}.self")
            put(layer.output_dense, f"{name}.output.dense")
            layer.bias.assign(stored[f"{name}.self.relative_position_bias_table"])
        else:
            put(layer, name)
put(network.get_layer("layer_norm"), "layernorm")
put(network.get_layer("stem_norm"), "embeddings.norm")
patches = network.get_layer("stem_patches")
patches.kernel.assign(stored["embeddings.patch_embeddings.projection.weight"].transpose(2, 3, 1, 0))
patches.bias.assign(stored["embeddings.patch_embeddings.projection.bias"])
"""
