"""Backbones lists all architectures, narrows them down, and tells about the chosen one."""

from streamlit.testing.v1 import AppTest

from core import backbones, hardware
from core.features import throughput
from dashboard import server


def table(page: AppTest):
    return page.dataframe[0].value


def card(page: AppTest) -> str:
    return " ".join(text.value for text in page.markdown)


def test_every_backbone_is_listed_until_search_family_and_size_narrow_the_table(visit):
    page = visit("backbones")
    assert list(table(page)["name"]) == backbones.pretrained_names()
    page.text_input[0].set_value("mobile").run()
    assert set(table(page)["name"]) == {name for name in backbones.names() if "mobile" in name.lower()}
    page.text_input[0].set_value("")
    page.multiselect[0].set_value(["ResNet", "VGG"])
    page.selectbox(key="size").set_value(25).run()
    assert set(table(page)["name"]) == {"VGG16", "VGG19", "ResNet50"}
    page.text_input[0].set_value("no such thing").run()
    assert not page.dataframe
    assert "Shorten the search" in card(page)


def test_the_card_starts_with_the_backbone_in_use_and_tells_about_the_chosen_one(visit):
    page = visit("backbones", backbones="ResNet50")
    assert page.selectbox(key="backbone").value == "ResNet50"
    page.selectbox(key="backbone").set_value("VGG16").run()
    assert "https://arxiv.org/abs/1409.1556" in card(page)
    assert "red and blue swapped" in card(page)
    assert "71.3 % top-1" in card(page)
    train = next(link for link in page.main.get("page_link") if link.proto.label == "Train with VGG16")
    assert "backbones=VGG16" in train.proto.query_string


def test_speeds_of_this_machine_are_plotted_once_there_are_some(visit):
    page = visit("backbones", against="images_per_second", backbone="VGG16")
    assert "No speed has been measured yet" in card(page)
    assert not page.get("plotly_chart")
    throughput.record("VGG16", 224, 12.3, hardware.name())
    throughput.record("VGG19", 224, 45.6, "another machine")
    server.throughput.table.clear()
    page.run()
    shown = table(page).set_index("name")["images_per_second"]
    assert shown["VGG16"] == 12.3
    assert shown.notna().sum() == 1
    assert "12 images/s at 224 px" in card(page)
    assert len(page.get("plotly_chart")) == 1


def test_the_family_tree_and_the_timeline_show_where_the_chosen_one_stands(visit):
    page = visit("backbones", view="tree", backbone="MobileNetV2")
    assert len(page.get("plotly_chart")) == 1
    assert "What MobileNet V2 borrowed" in card(page)
    assert "turned inside out" in card(page)
    assert "**Strengths**" in card(page)
    anatomy = next(link for link in page.main.get("page_link") if link.proto.label == "Open MobileNetV2")
    assert "backbone=MobileNetV2" in anatomy.proto.query_string
    page = visit("backbones", view="timeline", backbone="VGG16")
    assert len(page.get("plotly_chart")) == 1
    assert "Accuracies are cited" in " ".join(each.value for each in page.caption)


def test_the_families_are_side_by_side_with_what_words_would_hide(visit):
    page = visit("backbones", view="families")
    families = next(each.value for each in page.table if "When to use it" in each.value.columns)
    assert "VGG (2)" in families.index and "CLIP (8)" in families.index
    assert any("Fast where?" in each.value for each in page.markdown)
    assert not page.exception


def test_the_chosen_backbone_is_in_the_address_and_the_tree_follows_it(visit):
    page = visit("backbones", view="tree", backbone="MobileNetV2")
    page.selectbox(key="backbone").set_value("ResNet50").run()
    assert page.query_params["backbone"] == "ResNet50"
    assert "What ResNet borrowed" in card(page)


def test_the_books_table_stands_beside_the_facts_and_follows_the_families_chosen(visit):
    page = visit("backbones", view="families", table="book", family="VGG", backbone="VGG16")
    rows = next(each.value for each in page.table if "Book: year" in each.value.columns)
    assert list(rows.index) == ["VGG16", "VGG19"]
    assert "of the book's 25 rows" in card(page)
    assert "**What the book says**" in card(page) and "2013 in the mind map" in card(page)
    assert not page.exception
