"""Inception modules (Szegedy et al. 2014, arXiv:1409.4842), and a small network of four of them."""


def inception_small(input_size: int):
    """A stem and four Inception modules; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/8, s/8, 512)`.

    A module looks at each position through four parallel paths and concatenates their outputs. The 1 x 1 convolutions
    in front of the large windows make this affordable. The channel counts are those of GoogLeNet's modules 3a, 3b, 4a
    and 4b; BatchNorm, which makes it train quickly, came a year later.
    """
    from keras import Input, Model, layers

    modules = (  # 1 x 1, before 3 x 3 and 3 x 3, before 5 x 5 and 5 x 5, after the pooling
        (64, 96, 128, 16, 32, 32),
        (128, 128, 192, 32, 96, 64),
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
    )

    def convolution(x, channels, kernel, name):
        x = layers.Conv2D(channels, kernel, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    def inception(x, one, before_three, three, before_five, five, pooled, name):
        through_1 = convolution(x, one, 1, f"{name}_one")
        through_3 = convolution(x, before_three, 1, f"{name}_three_reduce")
        through_3 = convolution(through_3, three, 3, f"{name}_three")
        through_5 = convolution(x, before_five, 1, f"{name}_five_reduce")
        through_5 = convolution(through_5, five, 5, f"{name}_five")
        highest = layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
        highest = convolution(highest, pooled, 1, f"{name}_pool_project")
        return layers.Concatenate(name=f"{name}_concat")([through_1, through_3, through_5, highest])

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    x = convolution(x, 64, 3, "stem_1")
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool1")(x)
    x = convolution(x, 192, 3, "stem_2")
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool2")(x)
    for block, channels in enumerate(modules, start=1):
        if block == 3:
            x = layers.MaxPooling2D(3, 2, padding="same", name="block3_halve")(x)
        x = inception(x, *channels, name=f"block{block}")
    return Model(image, x, name="inception_small")
