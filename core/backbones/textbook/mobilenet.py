"""MobileNet (Howard et al. 2017, arXiv:1704.04861): a stack of depthwise separable convolutions."""


def mobilenet(input_size: int):
    """A stem and thirteen depthwise separable blocks; pixels 0 to 255, `(b, s, s, 3)`, to `(b, s/32, s/32, 1024)`.

    Looking (3 x 3, per channel) and mixing (1 x 1, per position) are separate layers: together they cost about an
    eighth to a ninth of a standard 3 x 3 convolution.
    """
    from keras import Input, Model, layers

    blocks = (  # channels, stride
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (1024, 2),
        (1024, 1),
    )

    def normal(x, name):
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu6")(x)

    image = Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    x = normal(layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="stem_conv")(x), "stem")
    for block, (channels, stride) in enumerate(blocks, start=1):
        name = f"block{block}_look"
        x = normal(layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=f"{name}_conv")(x), name)
        name = f"block{block}_mix"
        x = normal(layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_conv")(x), name)
    return Model(image, x, name="mobilenet")
