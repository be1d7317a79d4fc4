"""Maps draws a map in the worker, then shows it with its worth, an image's neighbours, and what was chosen on it."""

from dataclasses import replace

from core import features, maps
from core.data import datasets
from core.embeddings import Source
from core.maps import MapConfig
from dashboard.ui import components
from tests.pages.conftest import said, wait

ADDRESS = {"backbones": "Tiny", "map": "pca", "n_images": "60", "input_size": "32"}
CONFIG = MapConfig(Source(backbone="Tiny", input_size=32, n_images=60), method="pca")


def titles(elements) -> list[str]:
    return [element.proto.title for element in elements]


def views(page) -> list:
    return page.main.get("bidi_component")


def test_an_empty_home_says_what_would_be_drawn_and_how_much_there_is_to_look_at(visit):
    page = visit("maps")
    assert "UMAP of EfficientNetLite0 at 160 px, features, 2,500 images of CIFAR-10 sample" in said(page)
    assert "2,500 images to process first" in said(page)
    assert [button.label for button in page.main.button if button.key == "draw"] == ["Draw the map"]
    assert not views(page)


def test_a_press_draws_the_map_and_says_what_it_is_worth(visit):
    page = visit("maps", **ADDRESS)
    page.button(key="draw").click().run()
    wait(page, lambda: views(page))
    found = maps.find(CONFIG)
    assert "Trustworthiness" in said(page)
    assert f"{100 * found.quality['trustworthiness']:.1f} %" in said(page)
    assert f"Its 2 axes show **{100 * sum(found.explained[:2]):.1f} %**" in said(page)
    assert maps.METHODS["pca"].caution in said(page)


def test_a_map_that_was_drawn_is_there_at_once(visit):
    maps.compute(CONFIG)
    assert views(visit("maps", **ADDRESS))


def test_an_image_of_the_address_has_its_class_and_neighbours_that_lead_on(visit):
    row = int(maps.compute(CONFIG).rows[7])
    sample = datasets.load("cifar10-sample")
    page = visit("maps", **ADDRESS, row=str(row))
    wait(page, lambda: "Nearest in feature space" in said(page))
    assert f"**{sample.class_names[sample.labels[row]]}** · image {row}" in said(page)
    near = [button for button in page.main.button if button.key.startswith("near-")]
    assert len(near) == 8
    page = near[0].click().run()
    assert f"image {near[0].key.removeprefix('near-')}" in said(page)


def test_an_image_that_is_not_on_the_map_is_not_looked_at(visit):
    rows = maps.compute(CONFIG).rows
    other = next(row for row in range(len(rows) + 1) if row not in rows)
    assert "Point at a dot" in said(visit("maps", **ADDRESS, row=str(other)))


def test_features_that_were_cleared_away_are_told_and_computed_again(visit):
    unseen = replace(CONFIG, source=replace(CONFIG.source, n_images=40))  # no worker has it in memory
    row = int(maps.compute(unseen).rows[3])
    features.clear()
    page = visit("maps", **ADDRESS | {"n_images": "40"}, row=str(row))
    wait(page, lambda: page.warning)
    assert "40 of these images" in titles(page.warning)[0]
    next(button for button in page.main.button if button.label == "Compute them again").click().run()
    wait(page, lambda: "Nearest in feature space" in said(page))


def test_a_map_that_was_cleared_away_is_offered_again(visit):
    maps.compute(CONFIG)
    page = visit("maps", **ADDRESS)
    maps.clear()
    page.run()
    assert "Draw the map" in [button.label for button in page.main.button]
    assert "The features of all 60 images are cached" in said(page)


def test_what_a_map_cannot_be_is_told(visit):
    page = visit("maps", backbones="Tiny", n_images="2", input_size="32", map="tsne")
    page.button(key="draw").click().run()
    wait(page, lambda: page.error)
    assert "cannot be drawn" in page.error[0].proto.title


def test_fewer_images_than_neighbours_are_told_and_drawn_with_as_many_as_there_are(visit):
    page = visit("maps", backbones="Tiny", n_images="40", input_size="32", map="tsne")
    assert titles(page.warning) == ["40 images are too few for perplexity 30"]
    assert page.button(key="draw").label == "Draw the map with 13"
    page.button(key="draw").click().run()
    wait(page, lambda: views(page))
    assert page.number_input(key="perplexity").value == 13
    assert not page.warning
    few = visit("maps", backbones="Tiny", n_images="12", input_size="32", map="umap")
    assert few.button(key="draw").label == "Draw the map with 12"


def test_a_run_colours_the_map_by_what_it_said(visit, used):
    maps.compute(CONFIG)
    page = visit("maps", **ADDRESS, colour="right", said=used[0])
    assert views(page)
    assert page.selectbox(key="colour").value == "right"
    assert page.selectbox(key="said").value == used[0]
    two = visit("maps", **ADDRESS, colour="difference", said=used[0])
    assert two.selectbox(key="against").value == used[1]


def test_a_run_is_mapped_with_its_logits(visit, used):
    page = visit("maps", of="run", run=used[1], images="test", n_images="60", map="pca", what="logits")
    page.button(key="draw").click().run()
    wait(page, lambda: views(page))
    assert "logits" in said(page)


def test_a_clip_is_mapped_before_or_after_its_projection_and_another_network_by_its_own_poolings(visit):
    page = visit("maps", backbones="ToyCLIP", pooling="max", map="pca", n_images="20")  # a link made for a CNN
    assert page.selectbox(key="pooling").options == ["Before the projection", "After it, where texts lie"]
    page.selectbox(key="pooling").set_value("projected").run()
    assert "projected features" in said(page)
    page.selectbox(key="choose-backbone").select("EfficientNetLite0").run()
    assert not page.error
    assert page.selectbox(key="pooling").value == "avg"
    assert "projected" not in said(page)


def test_a_run_whose_dataset_has_gone_links_to_its_import(visit, used, monkeypatch):
    monkeypatch.setattr("dashboard.server.datasets.get", _gone)
    page = visit("maps")
    assert "There is no dataset 'flowers'" in titles(page.error)[0]
    assert [link.proto.label for link in page.main.get("page_link")] == ["Import its images again"]


def _gone(name: str) -> datasets.Dataset:
    return datasets.load("flowers")


def test_a_photo_that_is_one_of_the_maps_images_has_that_image_nearest(visit):
    row = int(maps.compute(CONFIG).rows[5])
    page = visit("maps", **ADDRESS, panel="photo")
    page.session_state["own-photo"] = components.thumbnail(datasets.load("cifar10-sample").images[row], 32)
    page.run()
    wait(page, lambda: "nearest images (ringed" in said(page))
    first = next(button for button in page.main.button if (button.key or "").startswith("photo-"))
    assert first.key.endswith(f"-{row}")
    assert first.label.endswith(" 0")


def test_a_file_that_is_no_image_is_told(visit):
    maps.compute(CONFIG)
    page = visit("maps", **ADDRESS, panel="photo")
    page.session_state["own-photo"] = b"no image"
    page.run()
    wait(page, lambda: page.error)
    assert "not a JPEG, PNG" in titles(page.error)[0]
