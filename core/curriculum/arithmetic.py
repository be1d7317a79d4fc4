"""The cost of each idea, from the formula shown with it: parameters without biases, or multiplications.

A slow test checks the formulas against real Keras layers.
"""

import math

SEARCH_OPERATIONS = 13  # available to NASNet's search (arXiv:1707.07012, section 3)
COMPOUND = {"depth": 1.2, "width": 1.1, "resolution": 1.15}  # alpha, beta, gamma of EfficientNet (section 3.3)


def standard(kernel: int, channels: int, filters: int) -> int:
    """Parameters of a convolution."""
    return kernel**2 * channels * filters


def separable(kernel: int, channels: int, filters: int) -> tuple[int, int]:
    """Parameters of a depthwise separable convolution: depthwise, pointwise."""
    return kernel**2 * channels, channels * filters


def stacked(count: int, channels: int) -> tuple[int, int]:
    """Parameters of stacked 3 x 3 convolutions, and of one convolution with the same receptive field."""
    return count * standard(3, channels, channels), standard(2 * count + 1, channels, channels)


def reduced(kernel: int, channels: int, filters: int, narrow: int) -> tuple[int, int]:
    """Parameters of a 1 x 1 convolution that reduces the channels, and of the convolution after it."""
    return channels * narrow, standard(kernel, narrow, filters)


def dense_widths(start: int, growth: int, layers: int) -> list[int]:
    """Channels before the first layer of a dense block and after each layer."""
    return [start + growth * layer for layer in range(layers + 1)]


def dense_block(start: int, growth: int, layers: int) -> int:
    """Parameters of a dense block: per layer a 1 x 1 to four times the growth rate, then a 3 x 3."""
    return sum(
        width * 4 * growth + standard(3, 4 * growth, growth) for width in dense_widths(start, growth, layers)[:-1]
    )


def wide_block(channels: int, layers: int) -> int:
    """Parameters of as many ResNet bottlenecks of fixed width: 1 x 1 to a quarter, 3 x 3, 1 x 1 back."""
    narrow = channels // 4
    return layers * (2 * channels * narrow + standard(3, narrow, narrow))


def transformer_block(tokens: int, width: int) -> tuple[int, int, int]:
    """Multiplications of a transformer block: q, k, v and output; tokens by tokens; two dense layers, 4 times wider."""
    return 4 * tokens * width**2, 2 * tokens**2 * width, 8 * tokens * width**2


def bottleneck(channels: int, kernel: int) -> tuple[int, int, int]:
    """Parameters of a ResNet bottleneck: reduce to a quarter, convolve, expand."""
    narrow = max(channels // 4, 1)
    return channels * narrow, standard(kernel, narrow, narrow), narrow * channels


def inverted(channels: int, kernel: int, expansion: int) -> tuple[int, int, int]:
    """Parameters of a MobileNetV2 block: expand, depthwise convolution, project."""
    wide = expansion * channels
    return channels * wide, kernel**2 * wide, wide * channels


def convnext_block(channels: int, kernel: int) -> tuple[int, int]:
    """Parameters of a ConvNeXt block: the depthwise convolution, the two dense layers."""
    return kernel**2 * channels, 2 * channels * 4 * channels


def cells(blocks: int, operations: int = SEARCH_OPERATIONS) -> int:
    """The number of cells in NASNet's search space."""
    return math.prod((block + 1) ** 2 * operations**2 * 2 for block in range(1, blocks + 1))


def compound(phi: float) -> dict[str, float]:
    """Factors by which depth, width, resolution and operations grow: alpha^phi and so on."""
    depth, width, resolution = (COMPOUND[name] ** phi for name in ("depth", "width", "resolution"))
    return {"depth": depth, "width": width, "resolution": resolution, "operations": depth * width**2 * resolution**2}
