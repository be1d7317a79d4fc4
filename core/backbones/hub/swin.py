"""Swin (arXiv:2103.14030) written out: attention within windows, which every second block shifts, in four stages.

This file needs nothing else of this program: an exported script holds its code.
"""

# Keras types what `keras.ops` return as optional:
# pyright: reportGeneralTypeIssues=false, reportOperatorIssue=false, reportOptionalSubscript=false

import keras
import numpy as np


class WindowAttention(keras.layers.Layer):
    """Attention within the windows of a feature map (b, h, h, c), with a learned bias for each distance.

    A map that windows do not divide is filled with zeros; one that is smaller than a window is a window itself.

    Args:
        heads: How many, each with c / heads channels.
        window: Positions along each side.
        shift: Positions by which windows are moved down and right. Those at the border hold positions from both
            sides of the map, which do not attend to each other.
    """

    def __init__(self, heads: int, window: int, shift: int, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.window, self.shift = heads, window, shift

    def build(self, shape):
        height, channels = shape[1], shape[3]
        self.side = min(self.window, height)
        self.moved = self.shift if height > self.window else 0
        self.padded = height + -height % self.side
        self.across = self.padded // self.side  # windows along each side
        self.qkv_dense = keras.layers.Dense(3 * channels, name="qkv", dtype=self.dtype_policy)
        self.output_dense = keras.layers.Dense(channels, name="output", dtype=self.dtype_policy)
        for dense in (self.qkv_dense, self.output_dense):
            dense.build(shape)
        distances = 2 * self.window - 1  # along each side
        start = keras.initializers.TruncatedNormal(stddev=0.02)
        self.bias = self.add_weight(shape=(distances**2, self.heads), initializer=start, name="bias")
        y, x = np.divmod(np.arange(self.side**2), self.side)
        down, right = (each[:, None] - each + self.window - 1 for each in (y, x))
        self.distance = distances * down + right  # (tokens, tokens): the row of the bias
        self.built = True

    def call(self, x):
        _, height, _, channels = x.shape
        gap, tokens = self.padded - height, self.side**2
        x = keras.ops.pad(x, ((0, 0), (0, gap), (0, gap), (0, 0)))
        x = self._rolled(x, self.moved)
        x = keras.ops.reshape(x, (-1, self.across, self.side, self.across, self.side, channels))
        x = keras.ops.reshape(keras.ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, self.across**2, tokens, channels))
        qkv = keras.ops.reshape(self.qkv_dense(x), (-1, self.across**2, tokens, 3, self.heads, channels // self.heads))
        q, k, v = keras.ops.unstack(keras.ops.transpose(qkv, (3, 0, 1, 4, 2, 5)), axis=0)
        scores = keras.ops.matmul(q * (channels // self.heads) ** -0.5, keras.ops.swapaxes(k, -1, -2))
        scores += keras.ops.transpose(keras.ops.take(self.bias, self.distance, axis=0), (2, 0, 1))
        if self.moved:
            scores += keras.ops.cast(self._apart(), scores.dtype)
        x = keras.ops.matmul(keras.ops.softmax(scores), v)  # (b, windows, heads, tokens, c / heads)
        x = keras.ops.transpose(x, (0, 1, 3, 2, 4))
        x = keras.ops.reshape(x, (-1, self.across, self.across, self.side, self.side, channels))
        x = keras.ops.reshape(keras.ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, self.padded, self.padded, channels))
        x = self._rolled(x, self.padded - self.moved)
        return self.output_dense(x[:, :height, :height])

    def _rolled(self, x, first: int):
        """The map from this row and column on, then those before: LiteRT lacks `keras.ops.roll`."""
        for axis in (1, 2) if self.moved else ():
            before, after = keras.ops.split(x, [first], axis=axis)
            x = keras.ops.concatenate([after, before], axis=axis)
        return x

    def _apart(self) -> np.ndarray:
        """(windows, 1, tokens, tokens): keeps positions from opposite sides of the map from each other."""
        places = np.arange(self.padded)
        part = (places >= self.padded - self.side).astype(int) + (places >= self.padded - self.moved)
        part = (3 * part[:, None] + part).reshape(self.across, self.side, self.across, self.side)
        part = part.swapaxes(1, 2).reshape(self.across**2, 1, self.side**2)
        return np.where(part[..., None] == part[:, :, None], 0.0, -100.0)

    def get_config(self):
        return super().get_config() | {"heads": self.heads, "window": self.window, "shift": self.shift}


def swin_transformer(input_size, width, depths, heads, window):
    """Swin: preprocessed pixels (b, s, s, 3) to its last feature map (b, s / 32, s / 32, 8 width).

    Args:
        width: Channels of the first stage; each later one has twice as many, at half the resolution.
        depths: Blocks of each stage.
        heads: Of the attention in each stage.
        window: Positions along each side.
    """
    layers = keras.layers

    def norm(x, name):
        return layers.LayerNormalization(epsilon=1e-5, name=name)(x)

    def merged(x, name):
        """Four neighbours become one, with twice the channels."""
        if x.shape[1] % 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"{name}_pad")(x)
        half, channels = x.shape[1] // 2, x.shape[3]
        x = layers.Reshape((half, 2, half, 2, channels), name=f"{name}_split")(x)
        x = layers.Permute((1, 3, 4, 2, 5), name=f"{name}_gather")(x)
        x = layers.Reshape((half, half, 4 * channels), name=f"{name}_reshape")(x)
        return layers.Dense(2 * channels, use_bias=False, name=f"{name}_dense")(norm(x, f"{name}_norm"))

    image = keras.Input((input_size, input_size, 3), name="image")
    x = norm(layers.Conv2D(width, 4, 4, name="stem_patches")(image), "stem_norm")
    for stage, (depth, count) in enumerate(zip(depths, heads, strict=True)):
        for block in range(depth):
            name = f"stage_{stage}_block_{block}"
            if stage and not block:
                x = merged(x, f"{name}_merge")
            shift = window // 2 if block % 2 else 0
            y = WindowAttention(count, window, shift, name=f"{name}_attention")(norm(x, f"{name}_norm1"))
            x = layers.Add(name=f"{name}_attention_add")([x, y])
            y = norm(x, f"{name}_norm2")
            y = layers.Dense(4 * x.shape[-1], activation="gelu", name=f"{name}_dense1")(y)
            y = layers.Dense(x.shape[-1], name=f"{name}_dense2")(y)
            x = layers.Add(name=f"{name}_dense_add")([x, y])
    return keras.Model(image, norm(x, "layer_norm"), name="swin_transformer")
