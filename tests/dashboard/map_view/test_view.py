"""What the map view sends to the browser, and what it understands of the answer."""

import base64
import re
from types import SimpleNamespace

import numpy as np
import pytest

from core.data import datasets
from core.errors import ConfigError
from dashboard import server
from dashboard.map_view import packing, routes, view
from dashboard.map_view.view import Column, Panel, picked
from dashboard.server.blobs import Blobs
from dashboard.ui import colours

ROWS = np.arange(100, 112)
KEYS = [Panel("a" * 16, "One"), Panel("b" * 16, "Other")]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch):
    """show(...) of a view of 12 images; `.data` is what was sent to the browser, `.state` what it told before."""
    dataset = datasets.load("cifar10-sample")
    blobs = Blobs()
    result = SimpleNamespace(data=None, state={}, blobs=blobs)
    monkeypatch.setattr(server.blobs, "shared", lambda: blobs)
    monkeypatch.setattr(view, "_component", lambda: lambda **sent: result.__dict__.update(sent))
    monkeypatch.setattr(view, "_state", lambda key: result.state)
    columns = [
        Column("class", "Class", "class", dataset.labels[ROWS], dataset.class_names),
        Column("sure", "Confidence", "number", np.linspace(0, 1, len(ROWS))),
    ]

    def show(panels=KEYS[:1], columns=columns, colour="class", **options):
        return view.show(panels, ROWS, dataset, columns, key="map", colour=colour, **options)

    result.show = show
    return result


def test_arrays_go_by_address_and_the_rest_is_small(shown):
    shown.show()
    assert len(repr(shown.data)) < 4000
    assert shown.data["panels"][0]["url"] == f"/lab/maps/{'a' * 16}.bin"
    rows, codes, numbers = (
        shown.blobs.get(re.search(r"parcels/(\w+)\.bin", url)[1])
        for url in (shown.data["rows"]["url"], *(column["url"] for column in shown.data["columns"]))
    )
    np.testing.assert_array_equal(np.frombuffer(rows, "<i4"), ROWS)
    np.testing.assert_array_equal(np.frombuffer(codes, "<u2"), datasets.load("cifar10-sample").labels[ROWS])
    np.testing.assert_allclose(np.frombuffer(numbers, "<f4"), np.linspace(0, 1, len(ROWS)), atol=1e-6)


def test_classes_have_the_colours_they_have_everywhere(shown):
    shown.show()
    assert shown.data["columns"][0]["colours"] == [colours.class_colour(index) for index in range(10)]


def test_the_same_arrays_are_kept_once_whoever_looks(shown):
    shown.show()
    before = len(shown.blobs)
    shown.show(colour="sure", focus=[103], marked=[104])
    assert len(shown.blobs) == before


def test_codes_without_a_name_are_sent_as_unknown():
    codes = Column("prediction", "Prediction", "class", np.array([0, 1, -1, 7]), ("cat", "dog"))
    assert np.frombuffer(packing.column(codes), "<u2").tolist() == [0, 1, 65535, 65535]


def test_panels_of_a_pair_are_linked_and_those_of_a_grid_as_they_say(shown):
    shown.show(KEYS, arrange="pair")
    assert [panel["linked"] for panel in shown.data["panels"]] == ["all", "all"]
    shown.show([*KEYS, Panel("c" * 16, "Third", linked="tsne")], arrange="grid")
    assert [panel["linked"] for panel in shown.data["panels"]] == ["", "", "tsne"]


def test_a_selection_comes_back_as_row_ids(shown):
    chosen = np.isin(ROWS, [100, 105, 111])
    bits = base64.b64encode(np.packbits(chosen)).decode()
    shown.state = {"of": shown.blobs.put(packing.rows(ROWS)), "bits": bits, "clicked": 105}
    found = shown.show()
    assert (found.rows.tolist(), found.rows.dtype, found.clicked) == ([100, 105, 111], np.int64, 105)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"of": "another map", "bits": "//8=", "clicked": 105},
        {"of": "these", "bits": "", "clicked": None},
        {"of": "these", "bits": "not base64!", "clicked": None},
        {"of": "these", "bits": "////////", "clicked": None},
    ],
)
def test_what_was_told_of_other_images_or_in_no_sense_picks_nothing(shown, told: dict):
    if told.get("of") == "these":
        told = told | {"of": shown.blobs.put(packing.rows(ROWS))}
    shown.state = told
    found = picked("map", ROWS)
    assert (len(found.rows), found.clicked) == (0, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arrange": "heap"}, "one of single, pair, morph, grid"),
        ({"arrange": "pair"}, "Expected 2"),
        ({"panels": KEYS}, "Expected 1"),
        ({"colour": "hair"}, "one of class, sure"),
        ({"columns": [Column("class", "Class", "class", np.zeros(3, int), ("cat",))]}, "a value for each row"),
    ],
)
def test_parts_that_do_not_fit_are_refused(shown, changes: dict, words: str):
    with pytest.raises(ConfigError, match=words):
        shown.show(**changes)


def test_a_column_needs_a_name_for_each_colour():
    with pytest.raises(ConfigError, match="2 colours for 1 names"):
        Column("class", "Class", "class", np.zeros(2, int), ("cat",), ("#000000", "#ffffff"))
    with pytest.raises(ConfigError, match="class or number"):
        Column("class", "Class", "words", np.zeros(2, int))


def test_blobs_that_were_fetched_longest_ago_are_dropped_first():
    blobs = Blobs(budget=10)
    first, second = blobs.put(b"1234"), blobs.put(b"5678")
    assert blobs.get(first) == b"1234"
    third = blobs.put(b"90ab")
    assert (blobs.get(second), blobs.get(first), blobs.get(third)) == (None, b"1234", b"90ab")


def test_every_module_that_a_module_imports_is_served():
    texts = routes.modules()
    for text in texts.values():
        assert set(re.findall(r'from "\./([\w-]+\.js)"', text)) <= set(texts)
    assert not [name for name, text in texts.items() if re.search(r"https?://(?!doi|www\.w3\.org/2000/svg)", text)]
