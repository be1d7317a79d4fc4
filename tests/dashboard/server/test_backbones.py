"""What the server knows of published weights is up to date when a download ends."""

import shutil
from collections.abc import Iterator

import pytest

from core import backbones, settings
from dashboard import server


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    server.backbones.refresh()
    yield
    server.backbones.refresh()


def test_a_page_that_is_drawn_after_a_download_shows_the_network_with_its_weights(home):
    name = "CLIPViTB32"
    assert name not in server.backbones.here() and server.explain.weights(name) == "untrained"
    shutil.copytree(settings.ASSETS / "toy_clip", home / "weights" / backbones.get(name).weights_file)
    server.backbones.refresh()
    assert name in server.backbones.here() and server.explain.weights(name) == "imagenet"
