"""Layers: one button probes and maps every depth of a network."""

from dataclasses import replace

from core import maps
from core.data import datasets
from core.embeddings import Source
from core.evaluation import layer_probes
from core.features import layers
from core.maps import MapConfig
from tests.pages.conftest import wait
from tests.pictures import pictures, write_folder

TINY = {"backbones": "Tiny", "input_size": "8", "layer_images": "50", "probe_images": "60", "map": "pca"}


def test_one_button_looks_into_every_depth_and_says_where_classes_come_apart(visit, store):
    page = visit("layers", **TINY)
    wait(page, lambda: any(button.key == "look-into" for button in page.button))
    page.button(key="look-into").click().run()
    wait(page, lambda: not any(b.key in ("look-into", "cancel-layers") for b in page.button))
    assert not page.error
    assert any("a linear head is right on" in text.value for text in page.markdown)
    assert any("60 training images" in text.value for text in page.caption)
    assert len(layers.of("Tiny", 8)) == 3


def test_what_was_looked_into_before_shows_at_once_and_another_method_needs_maps_only(visit, store):
    source = Source(backbone="Tiny", input_size=8, images="test", n_images=50)
    layer_probes.measure(source, n_train=60)
    page = visit("layers", **TINY)
    wait(page, lambda: any("a linear head is right on" in text.value for text in page.markdown))
    assert any(button.key == "look-into" for button in page.button)  # the maps are missing
    start = ""
    for depth in layers.of("Tiny", 8):
        config = MapConfig(replace(source, layer=depth.block), method="pca", start=start)
        maps.compute(config)
        start = maps.key(config)
    page = visit("layers", **TINY)
    wait(page, lambda: any("a linear head is right on" in text.value for text in page.markdown))
    assert not any(button.key == "look-into" for button in page.button)


def test_a_dataset_with_few_images_offers_all_of_them(visit, store, tmp_path):
    dataset = datasets.import_images(write_folder(tmp_path / "few", pictures(10)))
    tested = len(datasets.splits(dataset)["test"])
    page = visit("layers", dataset="few", backbones="Tiny", input_size="8")
    assert not page.exception
    assert tested < 20
    assert tested in {number.value for number in page.number_input}


def test_weights_that_are_not_here_are_offered_for_download(visit, store):
    page = visit("layers", backbones="DeiTTiny", input_size="32")
    wait(page, lambda: any(button.label == "Download DeiTTiny" for button in page.button))
    assert not page.error
