"""The two networks that Keras Applications lacks, in plain Keras: EfficientNet-Lite0, and Tiny for tests."""

# kernel, stride, output channels, expansion, repeats: Table 1 of the EfficientNet paper (arXiv:1905.11946)
_LITE0_STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 2, 80, 6, 3),
    (5, 1, 112, 6, 3),
    (5, 2, 192, 6, 4),
    (3, 1, 320, 6, 1),
)


def efficientnet_lite0(input_size: int, *, classes: int = 0):
    """EfficientNet-B0 without squeeze-and-excitation and with ReLU6, as released in tensorflow/tpu.

    Takes pixels 0 to 255, `(b, s, s, 3)`; gives the last feature map `(b, s/32, s/32, 1280)`, or `(b, classes)`
    probabilities when `classes` is not 0. Its shipped weights include the 1,000 ImageNet classes.
    """
    from keras import Input, Model, layers

    def conv(x, filters, kernel=1, stride=1, name=""):
        x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)

    def depthwise(x, kernel, stride, name):
        x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)

    def relu6(x, name):
        return layers.ReLU(6.0, name=f"{name}_relu6")(x)

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(inputs)  # (x - 127) / 128
    x = relu6(conv(x, 32, 3, 2, name="stem"), "stem")
    block = 0
    for kernel, stride, filters, expansion, repeats in _LITE0_STAGES:
        for repeat in range(repeats):
            name, before = f"block{block}", x
            if expansion > 1:
                x = relu6(conv(x, expansion * x.shape[-1], name=f"{name}_expand"), f"{name}_expand")
            x = relu6(depthwise(x, kernel, stride if repeat == 0 else 1, f"{name}_depthwise"), f"{name}_depthwise")
            x = conv(x, filters, name=f"{name}_project")
            if repeat > 0:
                x = layers.Add(name=f"{name}_add")([before, x])
            block += 1
    x = relu6(conv(x, 1280, name="head"), "head")
    if classes:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return Model(inputs, x, name="efficientnet_lite0")


def tiny(input_size: int):
    """A network for tests: pixels 0 to 255, `(b, s, s, 3)`, to a feature map `(b, s/8, s/8, 16)`, in milliseconds."""
    from keras import Input, Model, layers

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(inputs)
    for block, filters in enumerate((8, 16, 16), start=1):
        x = layers.Conv2D(filters, 3, 2, padding="same", activation="relu", name=f"block{block}_conv")(x)
    return Model(inputs, x, name="tiny")
