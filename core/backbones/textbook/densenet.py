"""DenseNet-121 (Huang et al. 2016, arXiv:1608.06993): every layer reads all earlier layers of its block."""


def densenet121(input_size: int):
    """Four dense blocks of 6, 12, 24 and 16 layers; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/32, s/32, 1024)`.

    Each layer appends 32 channels (the growth rate k): after l layers a block has k0 + l * k channels.
    """
    from keras import Input, Model, layers

    growth = 32

    def normal(x, name):
        x = layers.BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    def dense_layer(x, name):
        new = normal(x, f"{name}_in")
        new = layers.Conv2D(4 * growth, 1, use_bias=False, name=f"{name}_reduce")(new)  # all earlier layers, combined
        new = normal(new, f"{name}_middle")
        new = layers.Conv2D(growth, 3, padding="same", use_bias=False, name=f"{name}_look")(new)
        return layers.Concatenate(name=f"{name}_concat")([x, new])

    def transition(x, name):
        x = normal(x, name)
        x = layers.Conv2D(x.shape[-1] // 2, 1, use_bias=False, name=f"{name}_halve")(x)  # half the channels
        return layers.AveragePooling2D(2, name=f"{name}_pool")(x)  # half the resolution

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    x = layers.ZeroPadding2D(3, name="stem_pad")(x)
    x = normal(layers.Conv2D(64, 7, 2, use_bias=False, name="stem_conv")(x), "stem")
    x = layers.MaxPooling2D(3, 2, name="stem_pool")(layers.ZeroPadding2D(1, name="stem_pool_pad")(x))
    for block, depth in enumerate((6, 12, 24, 16), start=1):
        for number in range(1, depth + 1):
            x = dense_layer(x, f"block{block}_layer{number}")
        if block < 4:
            x = transition(x, f"block{block}_transition")
    return Model(image, normal(x, "head"), name="densenet121")
