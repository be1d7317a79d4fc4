"""The code of SigLIP 2's image tower, written out in plain Keras.

It reads the weights from Hugging Face's file with NumPy alone; `core.backbones.siglip.tensors` has the tensors' names.
"""

from core.backbones.catalog import Backbone
from core.backbones.hub import tensors as hub_tensors
from core.backbones.hub.networks import attention_pool, vision_transformer
from core.backbones.siglip import tensors as siglip_tensors
from core.backbones.siglip.towers import SHAPES
from core.config import RunConfig
from core.export.script import hub, tensors

TRAINED = "as it was trained on images and their texts, without the text tower"
READS_TENSORS = True  # the script parses the weights file itself
SAME_PARAMS = True  # the script counts as many parameters as the run

weights = tensors.weights


def built(config: RunConfig, spec: Backbone) -> list[str]:
    """Code for `network`: images to what attention pools from their patches or to the mean of these, with weights."""
    shape = SHAPES[spec.name]
    sizes = f"{shape.patch}, {shape.depth}, {shape.width}, {shape.heads}"
    lines = [hub.POSITIONS.strip(), "", "", _GELU.strip(), "", "", hub.code(vision_transformer), ""]
    if config.pooling == "attention":
        lines += [hub.code(attention_pool), "", tensors.FIRST_TOKEN.strip(), "", ""]
        pooled = f'FirstToken(name="pooled")(attention_pool(network.output, {shape.heads}, gelu))'
    else:
        lines.append("")
        pooled = "keras.layers.GlobalAveragePooling1D()(network.output)"
    lines += [f"network = vision_transformer(INPUT_SIZE, {sizes}, tokens=0, activation=gelu)"]
    lines += [f"network = keras.Model(network.input, {pooled})"]
    if config.weights != "untrained":
        read = _READ.replace("IN_BLOCK", str(siglip_tensors.IN_BLOCK))
        read = read.replace("OUTSIDE", str(siglip_tensors.OUTSIDE["image"]))
        lines += ["", "", hub.code(hub_tensors.resized), "", tensors.READ.strip(), "", "", read.strip()]
    return lines


_GELU = '''
def gelu(x):
    """By the hyperbolic tangent, as SigLIP was trained."""
    return keras.activations.gelu(x, approximate=True)
'''

_READ = """
for kind in ("weight", "bias"):
    parts = np.split(stored[f"vision_model.head.attention.in_proj_{kind}"], 3)
    stored |= {f"vision_model.head.attention.{each}_proj.{kind}": part for each, part in zip("qkv", parts)}
in_block = IN_BLOCK
outside = OUTSIDE
for layer in network.layers:
    if not layer.weights:
        continue
    if layer.name.startswith("transformer_block_"):
        index, part = layer.name.removeprefix("transformer_block_").split("_", 1)
        name = f"vision_model.encoder.layers.{index}.{in_block[part]}"
    else:
        name = f"vision_model.{outside[layer.name]}"
    if isinstance(layer, keras.layers.MultiHeadAttention):
        put(layer.query_dense, f"{name}.q_proj")
        put(layer.key_dense, f"{name}.k_proj")
        put(layer.value_dense, f"{name}.v_proj")
        put(layer.output_dense, f"{name}.out_proj")
    elif layer.name == "stem_patches":
        layer.set_weights([stored[f"{name}.weight"].transpose(2, 3, 1, 0), stored[f"{name}.bias"]])
    elif layer.name == "stem_positions":  # perhaps of another input size
        side = network.get_layer("stem_patches").output.shape[1]
        layer.set_weights([resized(stored[f"{name}.weight"], side)])
    elif layer.name == "attention_pool_query":
        layer.set_weights([stored[name][0]])
    else:
        put(layer, name)
"""
