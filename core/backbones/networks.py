"""Networks missing from Keras Applications, in plain Keras: EfficientNet-Lite0, small ones from scratch, Tiny.

Those of the chapter are in `core.backbones.textbook`, one file each.
"""

import ast
import inspect
import sys
from collections.abc import Callable

from core.backbones import textbook

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


# For training from scratch: textbook networks for small images, written plainly. Each takes pixels 0 to 255,
# (b, s, s, 3), and gives its last feature map; the pooling is `backbones.load`'s.


def custom_cnn(input_size: int):
    """The course's small CNN: three times convolution and max pooling, wider each time."""
    from keras import Input, Model, layers

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for block, filters in enumerate((32, 64, 128), start=1):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv")(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    return Model(inputs, x, name="custom_cnn")


def lenet(input_size: int):
    """LeNet-5's two convolutions (LeCun et al. 1998) with ReLU and max pooling, as it is taught today."""
    from keras import Input, Model, layers

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for block, filters in enumerate((6, 16), start=1):
        x = layers.Conv2D(filters, 5, padding="same", activation="relu", name=f"block{block}_conv")(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = layers.Conv2D(120, 5, padding="same", activation="relu", name="block3_conv")(x)
    return Model(inputs, x, name="lenet")


def vgg_small(input_size: int):
    """VGG's idea at a small size: pairs of 3 x 3 convolutions, then halve the picture and double the channels."""
    from keras import Input, Model, layers

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(inputs)
    for block, filters in enumerate((64, 128, 256), start=1):
        for conv in (1, 2):
            name = f"block{block}_conv{conv}"
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
            x = layers.BatchNormalization(name=f"{name}_bn")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    return Model(inputs, x, name="vgg_small")


def resnet20(input_size: int):
    """The 20-layer network for CIFAR-10 of the ResNet paper (arXiv:1512.03385, section 4.2).

    Three stages of three blocks with 16, 32 and 64 channels; a shortcut that changes its shape is a 1 x 1 convolution.
    """
    from keras import Input, Model, layers

    def conv(x, filters, kernel, stride, name):
        x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=name)(x)
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(inputs)
    x = layers.ReLU(name="stem_relu")(conv(x, 16, 3, 1, "stem_conv"))
    for block in range(9):
        filters, stride = 16 * 2 ** (block // 3), 2 if block in (3, 6) else 1
        name, shortcut = f"block{block + 1}", x
        x = layers.ReLU(name=f"{name}_conv1_relu")(conv(x, filters, 3, stride, f"{name}_conv1"))
        x = conv(x, filters, 3, 1, f"{name}_conv2")
        if stride > 1:
            shortcut = conv(shortcut, filters, 1, stride, f"{name}_shortcut")
        x = layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([shortcut, x]))
    return Model(inputs, x, name="resnet20")


def mobilenet_small(input_size: int):
    """MobileNet's idea (arXiv:1704.04861) at a small size: depthwise 3 x 3, then 1 x 1, eight times."""
    from keras import Input, Model, layers

    def normal(x, name):
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu6")(x)

    inputs = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(inputs)
    x = normal(layers.Conv2D(32, 3, padding="same", use_bias=False, name="stem_conv")(x), "stem")
    for block, (filters, stride) in enumerate(
        ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (256, 1), (512, 2), (512, 1)), start=1
    ):
        name = f"block{block}_depthwise"
        x = normal(layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=f"{name}_conv")(x), name)
        name = f"block{block}_pointwise"
        x = normal(layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x), name)
    return Model(inputs, x, name="mobilenet_small")


OWN = {  # every network that keras.applications lacks
    "EfficientNetLite0": efficientnet_lite0,
    "Tiny": tiny,
    "CustomCNN": custom_cnn,
    "LeNet": lenet,
    "VGGSmall": vgg_small,
    "ResNet20": resnet20,
    "MobileNetSmall": mobilenet_small,
} | {name: network.build for name, network in textbook.NETWORKS.items()}


def source(build: Callable) -> str:
    """The source code of a function that builds one of our networks, with the constants it uses."""
    text = inspect.getsource(sys.modules[build.__module__])
    defined = {}
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for key in [getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)]:
            defined[key] = node
    needed, waiting = [], [build.__name__]
    while waiting:
        name = waiting.pop()
        needed.append(name)
        names = {node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)}
        waiting += sorted((names & set(defined)) - {*needed, *waiting})
    in_order = sorted((defined[name] for name in needed), key=lambda node: node.lineno)
    return "\n\n\n".join(ast.get_source_segment(text, node) or "" for node in in_order) + "\n"
