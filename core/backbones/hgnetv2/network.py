"""HGNetV2 written out: each block concatenates the outputs of all its layers, once, and mixes them.

This file needs nothing else of this program: an exported script holds its code.
"""

import keras


def hgnetv2(input_size, stem, stages):
    """PP-HGNetV2: preprocessed pixels (b, s, s, 3) to its last feature map (b, s / 32, s / 32, channels).

    Args:
        stem: Channels inside the stem, and of its output.
        stages: For each stage, channels of its layers, channels of its output, and blocks of six layers. The last two
            stages have light layers: 1 x 1, then depthwise 5 x 5.
    """
    layers = keras.layers

    def normalised(convolution, x, name, *sizes, stride=1):
        if stride > 1:
            x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)  # on all sides, as PyTorch pads
        padding = "valid" if stride > 1 else "same"
        x = convolution(*sizes, strides=stride, padding=padding, use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"{name}_bn")(x)

    def conv(x, filters, kernel, name, stride=1):
        return layers.ReLU(name=f"{name}_relu")(normalised(layers.Conv2D, x, name, filters, kernel, stride=stride))

    def light(x, filters, name):
        x = normalised(layers.Conv2D, x, f"{name}_conv1", filters, 1)
        return layers.ReLU(name=f"{name}_relu")(normalised(layers.DepthwiseConv2D, x, f"{name}_conv2", 5))

    inside, outside = stem
    image = keras.Input((input_size, input_size, 3), name="image")
    x = conv(image, inside, 3, "stem_stem1", stride=2)
    y = conv(conv(x, inside // 2, 2, "stem_stem2a"), inside, 2, "stem_stem2b")
    x = layers.MaxPooling2D(2, 1, padding="same", name="stem_pool")(x)
    x = layers.Concatenate(name="stem_concatenate")([x, y])
    x = conv(conv(x, inside, 3, "stem_stem3", stride=2), outside, 1, "stem_stem4")
    for stage, (width, channels, depth) in enumerate(stages):
        for block in range(depth):
            name = f"stage_{stage}_block_{block}"
            if stage and not block:
                x = normalised(layers.DepthwiseConv2D, x, f"{name}_downsample", 3, stride=2)
            outputs = [x]
            for index in range(6):
                layer, last = f"{name}_layers_{index}", outputs[-1]
                outputs.append(light(last, width, layer) if stage > 1 else conv(last, width, 3, layer))
            y = layers.Concatenate(name=f"{name}_concatenate")(outputs)
            y = conv(y, channels // 2, 1, f"{name}_aggregation_0")
            y = conv(y, channels, 1, f"{name}_aggregation_1")
            x = layers.Add(name=f"{name}_add")([x, y]) if block else y
    return keras.Model(image, x, name="hgnetv2")
