"""Xception (Chollet 2016, arXiv:1610.02357): Inception's split taken to the extreme, one window per channel."""


def xception(input_size: int):
    """Fourteen blocks of separable convolutions; pixels 0 to 255, `(b, s, s, 3)`, to about `(b, s/32, s/32, 2048)`.

    A separable convolution looks at each channel separately (3 x 3, depthwise) and then mixes the channels at each
    position (1 x 1, pointwise). Residual shortcuts run around all blocks except the first and the last.
    """
    from keras import Input, Model, layers

    def convolution(x, channels, kernel, stride, padding, name):
        x = layers.Conv2D(channels, kernel, stride, padding=padding, use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    def separable(x, channels, name):
        x = layers.SeparableConv2D(channels, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    def relu(x, name):
        return layers.ReLU(name=f"{name}_relu")(x)

    def halving(x, middle, channels, name):
        """Two separable convolutions and half the resolution; the shortcut has to change its shape too."""
        shortcut = convolution(x, channels, 1, 2, "same", f"{name}_shortcut")
        if name != "block2":  # whose input comes from a ReLU
            x = relu(x, f"{name}_sep1")
        x = separable(x, middle, f"{name}_sep1")
        x = separable(relu(x, f"{name}_sep2"), channels, f"{name}_sep2")
        x = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pool")(x)
        return layers.Add(name=f"{name}_add")([x, shortcut])

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    x = relu(convolution(x, 32, 3, 2, "valid", "block1_conv1"), "block1_conv1")
    x = relu(convolution(x, 64, 3, 1, "valid", "block1_conv2"), "block1_conv2")
    for block, channels in enumerate((128, 256, 728), start=2):  # entry flow
        x = halving(x, channels, channels, f"block{block}")
    for block in range(5, 13):  # middle flow: eight equal blocks
        before = x
        for number in (1, 2, 3):
            x = separable(relu(x, f"block{block}_sep{number}"), 728, f"block{block}_sep{number}")
        x = layers.Add(name=f"block{block}_add")([x, before])
    x = halving(x, 728, 1024, "block13")  # exit flow
    x = relu(separable(x, 1536, "block14_sep1"), "block14_sep1")
    x = relu(separable(x, 2048, "block14_sep2"), "block14_sep2")
    return Model(image, x, name="xception")
