"""What a browser sends as photos is read, or is none."""

import base64
from types import SimpleNamespace

import pytest
import streamlit as st

from dashboard.data import burst_camera

PHOTO = "data:image/jpeg;base64," + base64.b64encode(b"a photo").decode()


@pytest.mark.parametrize(
    ("sent", "photos"),
    [([PHOTO], [b"a photo"]), (None, []), (7, []), ([PHOTO, 7], []), ([{}], []), ([PHOTO[:-1]], []), (["é"], [])],
)
def test_only_photos_are_taken(monkeypatch, sent, photos):
    monkeypatch.setattr(st, "session_state", {"burst": SimpleNamespace(photos=sent)})
    assert burst_camera.taken("burst") == photos
