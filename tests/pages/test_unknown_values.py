"""Values in an address that are unknown are said above the page, and leave the address, on every page."""

import pytest
from PIL import Image

from core.data import datasets
from dashboard.shell import PAGES
from dashboard.state import address
from tests.pages.conftest import wait

NAMES = [name for pages in PAGES.values() for name, *_ in pages]
FREE = {"weights", "search", "layer", "lines"}  # any text is allowed; `lines` needs a curve
SHARED = {"dataset": "nowhere", "backbones": "Foo", "run": "nothere", "projector": "zzz", "lesson": "zzz"}
BOUND = {  # read by Streamlit itself, on arrival only
    "with",
    "family",
    "size",
    "view",
    "zero-shot",
    "kind",
    "only_status",
}


def _said(page) -> str:
    return " ".join(box.value for box in page.warning if box.proto.title == address.LEFT_OUT)


@pytest.mark.parametrize("name", NAMES)
def test_every_widget_of_a_page_says_that_its_value_is_unknown_and_shows_another(visit, used, name):
    page = visit(name)
    names = page.session_state[address.READ] - FREE - BOUND
    page.query_params.update(dict.fromkeys(names, "zzz") | SHARED)
    page.run()
    wait(page, lambda: not page.get("skeleton") and SHARED["run"] in _said(page))
    assert all(value in _said(page) for value in SHARED.values())
    assert _said(page).count("zzz") == len(names) + 2
    left = {key: values for key, values in page.query_params.items() if {"zzz", *SHARED.values()} & set(values)}
    assert left == {}


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("anatomy", "backbone", "Foo"),
        ("anatomy", "part", "zzz"),
        ("anatomy", "input_size", "99999"),
        ("maps", "map", "zzz"),
        ("maps", "n_images", "nan"),
        ("train", "recipe", "zzz"),
        ("train", "method", "zzz"),
        ("predict", "models", "zzz"),
        ("compare", "columns", "zzz"),
        ("compare", "only_status", "zzz"),
        ("backbones", "size", "zzz"),
        ("run", "view", "zzz"),
    ],
)
def test_a_link_with_an_unknown_value_says_so_once(visit, used, name, parameter, value):
    page = visit(name, **{parameter: value})
    assert value in _said(page)
    assert value not in page.query_params.get(parameter, [])
    page.run()
    assert value in _said(page)


def test_known_values_say_nothing(visit, used):
    page = visit("maps", map="pca", backbones="Tiny", n_images="100")
    assert not _said(page)
    assert page.query_params["map"] == "pca"


def test_a_dataset_added_a_moment_ago_is_known_though_the_list_was_just_read(visit, used, tmp_path):
    visit("data")
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(12):
            image = Image.new("RGB", (32, 32), (number, 0, 9 * len(name)))
            image.save(tmp_path / "pets" / name / f"{number}.png")
    dataset = datasets.import_images(tmp_path / "pets")
    page = visit("data", dataset=dataset.name)
    assert not _said(page)
    assert page.query_params["dataset"] == dataset.name


@pytest.mark.parametrize(("name", "parameter"), [("backbones", "against"), ("compare", "columns")])
def test_an_empty_value_of_a_switch_stands_for_its_default(visit, used, name, parameter):
    page = visit(name, **{parameter: ""})
    page.run()
    assert not page.exception
    (switch,) = [group for group in page.get("button_group") if group.key == parameter]
    assert switch.value == ("params" if name == "backbones" else "differences")
    assert "no value is given" in _said(page)
