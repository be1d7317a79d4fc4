"""EfficientNet-B0 (Tan and Le 2019, arXiv:1905.11946): inverted residuals that reweight their channels (MBConv)."""


def efficientnet_b0(input_size: int):
    """Sixteen MBConv blocks; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/32, s/32, 1280)`.

    A block expands (1 x 1), looks (depthwise), weights the channels by the image (squeeze and excite) and projects back
    (1 x 1 without activation). The shortcut joins the narrow ends.
    """
    from keras import Input, Model, layers

    stages = (  # kernel, stride of the first block, channels, expansion, blocks: Table 1
        (3, 1, 16, 1, 1),
        (3, 2, 24, 6, 2),
        (5, 2, 40, 6, 2),
        (3, 2, 80, 6, 3),
        (5, 1, 112, 6, 3),
        (5, 2, 192, 6, 4),
        (3, 1, 320, 6, 1),
    )
    count, dropped = sum(stage[-1] for stage in stages), 0.2

    def swish(x, name):
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.Activation("swish", name=f"{name}_swish")(x)

    def squeeze_and_excite(x, channels, name):
        weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
        weights = layers.Conv2D(channels, 1, activation="swish", name=f"{name}_squeeze_reduce")(weights)
        weights = layers.Conv2D(x.shape[-1], 1, activation="sigmoid", name=f"{name}_squeeze_expand")(weights)
        return layers.Multiply(name=f"{name}_excite")([x, weights])

    def mbconv(x, kernel, stride, channels, expansion, drop, name):
        before, narrow = x, x.shape[-1]
        if expansion > 1:
            x = layers.Conv2D(expansion * narrow, 1, use_bias=False, name=f"{name}_expand_conv")(x)
            x = swish(x, f"{name}_expand")
        x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_look_conv")(x)
        x = squeeze_and_excite(swish(x, f"{name}_look"), narrow // 4, name)
        x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")(x)
        x = layers.BatchNormalization(name=f"{name}_project_bn")(x)
        if stride > 1 or channels != narrow:
            return x
        # Stochastic depth: training sometimes skips a whole block, later blocks more often
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x)
        return layers.Add(name=f"{name}_add")([x, before])

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 255, name="rescaling")(image)
    x = layers.Normalization(name="normalization")(x)  # by mean and variance of the colours, which come with weights
    x = swish(layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="stem_conv")(x), "stem")
    block = 0
    for kernel, stride, channels, expansion, blocks in stages:
        for number in range(blocks):
            drop, block = dropped * block / count, block + 1
            x = mbconv(x, kernel, stride if number == 0 else 1, channels, expansion, drop, f"block{block}")
    x = swish(layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x), "head")
    return Model(image, x, name="efficientnet_b0")
