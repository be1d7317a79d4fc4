"""ResNet-50 (He et al. 2015, arXiv:1512.03385): y = F(x) + x, sixteen times."""


def resnet50(input_size: int, *, project: str = "first"):
    """Sixteen bottleneck blocks in four stages; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/32, s/32, 2048)`.

    Args:
        project: Where the shortcut is a 1 x 1 convolution: in the "first" block of each stage, where the shape changes
            (the paper's option B), or in "every" block (option C, which the paper found not worth its parameters).
    """
    from keras import Input, Model, layers

    stages = ((3, 64), (4, 128), (6, 256), (3, 512))  # blocks, channels inside a block

    def convolution(x, channels, kernel, stride, name):
        x = layers.Conv2D(channels, kernel, stride, padding="same", name=f"{name}_conv")(x)
        return layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)

    def bottleneck(x, channels, stride, shortcut, name):
        same = convolution(x, 4 * channels, 1, stride, f"{name}_shortcut") if shortcut == "project" else x
        x = layers.ReLU(name=f"{name}_relu1")(convolution(x, channels, 1, stride, f"{name}_reduce"))
        x = layers.ReLU(name=f"{name}_relu2")(convolution(x, channels, 3, 1, f"{name}_look"))
        change = convolution(x, 4 * channels, 1, 1, f"{name}_expand")
        return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([same, change]))

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    x = layers.ZeroPadding2D(3, name="stem_pad")(x)
    x = layers.Conv2D(64, 7, 2, name="stem_conv")(x)
    x = layers.ReLU(name="stem_relu")(layers.BatchNormalization(epsilon=1.001e-5, name="stem_bn")(x))
    x = layers.MaxPooling2D(3, 2, name="stem_pool")(layers.ZeroPadding2D(1, name="stem_pool_pad")(x))
    block = 0
    for stage, (blocks, channels) in enumerate(stages):
        for number in range(blocks):
            block += 1
            stride = 2 if stage > 0 and number == 0 else 1
            shortcut = "project" if number == 0 or project == "every" else "identity"
            x = bottleneck(x, channels, stride, shortcut, f"block{block}")
    return Model(image, x, name="resnet50")
