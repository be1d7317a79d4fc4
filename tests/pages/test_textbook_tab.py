"""From scratch and The idea on the page Anatomy: what the worker counts, checks and measures arrives."""

from core.backbones import textbook
from core.backbones.catalog import BACKBONES
from tests.pages.conftest import said, wait


def test_the_code_of_the_family_is_shown_beside_its_parameters_and_checked_against_keras(visit):
    page = visit("anatomy", backbone="MobileNet", input_size="96", tab="scratch")
    wait(page, lambda: page.code and not page.get("skeleton"))
    network = textbook.NETWORKS["TextbookMobileNet"]
    assert page.code[0].value.strip() == textbook.source(network.build).strip()
    stages = next(table.value for table in page.dataframe if "Keras" in table.value)
    assert stages["Ours"].sum() == stages["Keras"].sum() == BACKBONES["MobileNet"].params
    check = next(button for button in page.button if "Check it against" in button.label)
    check.click().run()
    wait(page, lambda: "The same" in said(page))


def test_a_projection_in_every_block_is_priced(visit):
    page = visit("anatomy", backbone="ResNet101", input_size="64", tab="scratch")
    wait(page, lambda: "A projection in every block" in said(page))
    assert "This is ResNet50, from which ResNet101 can be understood" in said(page)
    assert "14,605,312 parameters more" in said(page)


def test_a_network_found_by_a_search_has_no_code_to_learn_from(visit):
    page = visit("anatomy", backbone="NASNetMobile", input_size="64", tab="scratch")
    wait(page, lambda: any("found by a search" in each.value for each in page.info))


def test_a_network_read_from_folders_shows_the_code_it_is_built_from(visit):
    page = visit("anatomy", backbone="HGNetV2B4", input_size="64", tab="scratch")
    wait(page, lambda: page.code and page.code[0].value.startswith("def hgnetv2"))


def test_gradients_are_measured_when_asked_for(visit):
    page = visit("anatomy", backbone="LeNet", input_size="32", tab="idea")
    wait(page, lambda: page.subheader and page.slider)
    page = visit("anatomy", backbone="TextbookResNet50", input_size="32", tab="idea", deep="5")
    wait(page, lambda: any("Measure on this" in button.label for button in page.button))
    next(button for button in page.button if "Measure on this" in button.label).click().run()
    wait(page, lambda: "The first of 5 blocks gets a gradient of" in said(page))
