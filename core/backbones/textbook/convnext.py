"""ConvNeXt-Tiny (Liu et al. 2022, arXiv:2201.03545): a ResNet redesigned with lessons from vision transformers."""


def convnext_tiny(input_size: int):
    """Eighteen blocks in four stages; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/32, s/32, 768)`.

    Patches of 4 x 4 pixels first; then each block looks far (7 x 7 depthwise), normalises each position (LayerNorm)
    and mixes the channels (two dense layers, four times as wide between them), with a single activation.
    """
    from keras import Input, Model, initializers, layers

    stages = ((3, 96), (3, 192), (9, 384), (3, 768))  # blocks, channels

    def normal(x, name):
        return layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(x)

    def convnext_block(x, channels, name):
        before = x
        x = layers.DepthwiseConv2D(7, padding="same", name=f"{name}_look")(x)
        x = layers.Dense(4 * channels, activation="gelu", name=f"{name}_widen")(normal(x, name))
        x = layers.Dense(channels, name=f"{name}_narrow")(x)
        # Layer scale: one number per channel, initially near 0, so that every block starts as the identity
        x = layers.DepthwiseConv2D(
            1,
            use_bias=False,
            depthwise_initializer=initializers.Constant(1e-6),  # pyright: ignore[reportArgumentType]
            name=f"{name}_scale",
        )(x)
        return layers.Add(name=f"{name}_add")([before, x])

    image = Input((input_size, input_size, 3), name="image")
    mean, deviation = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of ImageNet's colours, 0 to 255
    x = layers.Normalization(mean=mean, variance=[value**2 for value in deviation], name="normalization")(image)
    x = normal(layers.Conv2D(96, 4, 4, name="stem_conv")(x), "stem")
    block = 0
    for stage, (blocks, channels) in enumerate(stages):
        for number in range(blocks):
            block += 1
            if stage > 0 and number == 0:  # half the resolution, more channels
                x = normal(x, f"block{block}_halve")
                x = layers.Conv2D(channels, 2, 2, name=f"block{block}_halve_conv")(x)
            x = convnext_block(x, channels, f"block{block}")
    return Model(image, normal(x, "head"), name="convnext_tiny")  # where features are pooled, before this LayerNorm
