"""A heat map over an image is bright where the map is, and shows the image where it is not."""

import numpy as np
import pytest

from dashboard.ui import heatmap

IMAGE = np.full((8, 8, 3), 200, np.uint8)


def brightness(picture: np.ndarray) -> np.ndarray:
    return picture.mean(axis=2)


@pytest.mark.parametrize("size", [4, 8, 64])
def test_it_is_bright_where_the_map_is(size: int):
    corner = np.zeros((4, 4), np.float32)
    corner[0, 0] = 1
    picture = heatmap.over(IMAGE, corner, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    light = brightness(picture)
    assert light[0, 0] > light[-1, -1] + 50


def test_a_map_without_heat_leaves_the_image_in_grey():
    picture = heatmap.over(IMAGE, np.zeros((3, 3), np.float32), 8)
    assert np.ptp(picture, axis=2).max() == 0
    assert 0 < picture.max() < 200


def test_a_hotter_place_is_never_darker():
    ramp = np.linspace(0, 1, 16, dtype=np.float32)[None].repeat(16, axis=0)
    light = brightness(heatmap.over(np.full((16, 16, 3), 120, np.uint8), ramp, 16)).mean(axis=0)
    assert (np.diff(light) > -1).all()
