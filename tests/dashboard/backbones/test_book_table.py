"""The book's table on the page: each claim beside its fact, marked where they differ."""

from core.curriculum.book import TABLE
from dashboard.backbones import book_table

ALL = {row.backbone for row in TABLE.values()}


def test_every_row_of_the_book_is_listed_and_differences_are_marked_at_the_claim():
    table = book_table.table(ALL, {})
    assert list(table.index) == list(TABLE)
    marked = {column: set(table.index[table[column].str.contains("≠")]) for column in table}
    assert marked["Book: speed"] == {"VGG16", "VGG19", "Xception", "InceptionResNetV2"}
    assert {"MobileNetV2", "EfficientNetV2S", "OpenAI CLIP"} < marked["Book: size (M)"]
    assert {"VGG16", "DenseNet121", "EfficientNetB0"} < marked["Book: year"]
    assert not marked["Paper"] | marked["Counted (M)"] | marked["Measured or cited"]


def test_a_year_is_marked_where_it_is_wrong_in_the_table_or_in_the_map():
    years = book_table.table(ALL, {})["Book: year"].str.replace(book_table.NO_BREAK, " ")
    assert years["VGG16"] == "2014, :orange[**≠ map 2013**]"
    assert years["DenseNet121"] == ":orange[**≠ 2017**], map 2016"
    assert years["ResNet50"] == "2015"


def test_the_count_that_a_size_fits_is_bold_and_a_measured_speed_replaces_the_cited_one():
    table = book_table.table({"VGG16", "ResNet50"}, {"VGG16": 30.0, "ResNet50": 10.0})
    assert table.loc["VGG16", "Counted (M)"] == "**138.4** with, 14.7 without"
    assert table.loc["VGG16", "Measured or cited"] == "30 images/s, rank 1 of 2: fast"
    assert "70 ms cited" in book_table.table({"VGG16"}, {}).loc["VGG16", "Measured or cited"]


def test_what_is_said_above_it_counts_the_marks():
    said = " ".join(book_table.lessons({}))
    assert "19 of the book's 25 rows" in said and "17 sizes" in said and "CLIPViTL14" in said


def test_a_backbone_has_the_claims_of_its_row_and_a_sentence_for_each_difference():
    assert len(book_table.claims("VGG16", {})) == 3  # its year and its speed
    assert len(book_table.claims("ResNet50", {})) == 1
    assert book_table.claims("ConvNeXtBase", {}) == []
