"""The code of CLIP's image tower: a vision transformer written out in plain Keras.

It reads the weights from Hugging Face's file with NumPy alone; `core.backbones.clip.tensors` has the tensors' names.
"""

from core.backbones.catalog import Backbone
from core.backbones.clip import towers
from core.config import RunConfig
from core.export.script import tensors

TRAINED = "as it was trained on images and their captions, without the text tower"
READS_TENSORS = True  # the script parses the weights file itself
SAME_PARAMS = False  # KerasHub counts the patches' position ids as parameters


weights = tensors.weights


def built(config: RunConfig, spec: Backbone) -> list[str]:
    """Code for `network`: images to the class token, before or after the projection, with its weights."""
    shape, projected = towers.SHAPES[spec.name], config.pooling == "projected"
    tower = shape.image
    sizes = f"{shape.patch}, {tower.width}, {tower.heads}, {tower.hidden}, {tower.depth}"
    lines = [f"PATCH, WIDTH, HEADS, HIDDEN, BLOCKS = {sizes}", "", ""]
    lines += [_LAYERS.strip().replace("ACTIVATION", _ACTIVATIONS[shape.activation]), "", ""]
    lines += [tensors.FIRST_TOKEN.strip(), "", "", _TOWER.strip()]
    if projected:
        lines.append(f'x = keras.layers.Dense({shape.dim}, use_bias=False, name="projection")(x)')
    lines.append('network = keras.Model(network_input, FirstToken(name="pooled")(x))')
    if config.weights != "untrained":
        lines += ["", "", tensors.READ.strip(), "", "", _READ.strip()]
        if projected:
            lines.append('put(network.get_layer("projection"), "visual_projection")')
    return lines


_ACTIVATIONS = {
    "quick_gelu": "lambda x: x * keras.ops.sigmoid(1.702 * x)",  # OpenAI's approximation
    "gelu": '"gelu"',
}

_LAYERS = '''
class Patches(keras.layers.Layer):
    """Cuts an image into squares of PATCH pixels, a vector each; adds the class token in front, and positions."""

    def build(self, shape):
        self.patches = keras.layers.Conv2D(WIDTH, PATCH, PATCH, use_bias=False)
        self.patches.build(shape)
        self.token = self.add_weight(shape=(WIDTH,), initializer="random_normal")
        self.positions = self.add_weight(shape=((shape[1] // PATCH) ** 2 + 1, WIDTH), initializer="uniform")

    def call(self, x):
        x = self.patches(x)
        x = keras.ops.reshape(x, (-1, x.shape[1] * x.shape[2], WIDTH))  # (b, patches, width)
        token = keras.ops.broadcast_to(self.token, (keras.ops.shape(x)[0], 1, WIDTH))
        return keras.ops.concatenate([token, x], axis=1) + self.positions


class Block(keras.layers.Layer):
    """Attention, in which every patch looks at all others, then two dense layers on each patch alone."""

    def build(self, shape):
        self.norm_1 = keras.layers.LayerNormalization(epsilon=1e-5)
        self.attention = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
        self.norm_2 = keras.layers.LayerNormalization(epsilon=1e-5)
        self.dense_1 = keras.layers.Dense(HIDDEN, activation=ACTIVATION)
        self.dense_2 = keras.layers.Dense(WIDTH)
        for layer in (self.norm_1, self.norm_2, self.dense_1):
            layer.build(shape)
        self.attention.build(shape, shape)
        self.dense_2.build((*shape[:-1], HIDDEN))

    def call(self, x):
        y = self.norm_1(x)
        x = x + self.attention(y, y)
        return x + self.dense_2(self.dense_1(self.norm_2(x)))
'''

_TOWER = """
network_input = keras.Input((INPUT_SIZE, INPUT_SIZE, 3))
x = Patches(name="embedding")(network_input)
x = keras.layers.LayerNormalization(epsilon=1e-5, name="pre_layer_norm")(x)
for index in range(BLOCKS):
    x = Block(name=f"encoder_block_{index}")(x)
x = keras.layers.LayerNormalization(epsilon=1e-5, name="layer_norm")(x)
"""

_READ = """
embedding = network.get_layer("embedding")
embedding.token.assign(stored["vision_model.embeddings.class_embedding"])
embedding.positions.assign(stored["vision_model.embeddings.position_embedding.weight"])
kernel = stored["vision_model.embeddings.patch_embedding.weight"]  # (width, 3, rows, columns)
embedding.patches.kernel.assign(kernel.transpose(2, 3, 1, 0))
put(network.get_layer("pre_layer_norm"), "vision_model.pre_layrnorm")
put(network.get_layer("layer_norm"), "vision_model.post_layernorm")
for index in range(BLOCKS):
    block, name = network.get_layer(f"encoder_block_{index}"), f"vision_model.encoder.layers.{index}"
    attention = block.attention
    put(block.norm_1, f"{name}.layer_norm1")
    put(block.norm_2, f"{name}.layer_norm2")
    put(block.dense_1, f"{name}.mlp.fc1")
    put(block.dense_2, f"{name}.mlp.fc2")
    put(attention.query_dense, f"{name}.self_attn.q_proj")
    put(attention.key_dense, f"{name}.self_attn.k_proj")
    put(attention.value_dense, f"{name}.self_attn.v_proj")
    put(attention.output_dense, f"{name}.self_attn.out_proj")
"""
