"""A heat map of the evidence for a class, laid over its image."""

import numpy as np
from PIL import Image

# Matplotlib's inferno: from dark to bright, so that it stays readable to the colour-blind and in black and white
_STOPS = np.array([[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]], float)
STRENGTH = 0.6  # opacity of the map where it is hottest


def over(image: np.ndarray, heat: np.ndarray, size: int) -> np.ndarray:
    """The image in grey, brighter and coloured where the map is hot: (size, size, 3) uint8.

    Args:
        image: (s, s, 3) uint8.
        heat: (h, w) 0 to 1; it is coarse, and is interpolated to the size of the image.
        size: Pixels, square.
    """
    enlarging = Image.Resampling.NEAREST if image.shape[0] < size else Image.Resampling.BOX
    grey = Image.fromarray(image).convert("L").convert("RGB").resize((size, size), enlarging)
    smooth = Image.fromarray(heat.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC)
    share = np.clip(np.asarray(smooth), 0, 1)
    colours = np.stack(
        [np.interp(share, np.linspace(0, 1, len(_STOPS)), _STOPS[:, channel]) for channel in range(3)], axis=-1
    )
    opacity = STRENGTH * np.minimum(1, 1.5 * share)[..., None]
    mixed = (1 - opacity) * (0.45 + 0.55 * share[..., None]) * np.asarray(grey, float) + opacity * colours
    return np.clip(mixed.round(), 0, 255).astype(np.uint8)
