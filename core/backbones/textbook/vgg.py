"""VGG-16 (Simonyan and Zisserman 2014, arXiv:1409.1556): 3 x 3 convolutions and pooling, nothing else."""


def vgg16(input_size: int):
    """Thirteen 3 x 3 convolutions in five blocks; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/32, s/32, 512)`.

    Two 3 x 3 convolutions see as far as one of 5 x 5, with fewer weights (2 * 9 against 25) and one more ReLU.
    """
    from keras import Input, Model, layers

    blocks = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions, channels: column D of Table 1

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    for block, (convolutions, channels) in enumerate(blocks, start=1):
        for number in range(1, convolutions + 1):
            x = layers.Conv2D(
                channels,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",  # with the default and no BatchNorm, signals fade over thirteen layers
                name=f"block{block}_conv{number}",
            )(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)  # half the resolution
    return Model(image, x, name="vgg16")
