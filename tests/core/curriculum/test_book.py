"""The book's claims are compared with the facts by rules: digits, years and ranks, never by a list of mistakes."""

import pytest

from core import backbones
from core.backbones.catalog import BACKBONES
from core.backbones.clip import towers
from core.curriculum import book
from core.curriculum.book import MIND_MAP, SPEEDS, TABLE, Row
from core.curriculum.lineage import WORKS


def row(size: str, backbone: str = "VGG16", year: int = 2014, speed: str = "slow") -> Row:
    return Row(backbone, year, size, speed, "", "")


def test_the_book_names_25_backbones_of_the_catalog_and_13_works_of_the_tree():
    assert len(TABLE) == 25 and len(MIND_MAP) == 13
    assert {row.backbone for row in TABLE.values()} <= set(backbones.pretrained_names())
    assert {row.speed for row in TABLE.values()} == set(SPEEDS)
    assert set(MIND_MAP) <= set(WORKS)


@pytest.mark.parametrize(
    ("claimed", "what", "fits"),
    [
        ("138", "with the classifier", True),  # 138.36
        ("138.3", "with the classifier", True),  # cut off
        ("138.4", "with the classifier", True),  # rounded
        ("139", "with the classifier", False),
        ("14.7", "without the classifier", True),
        ("15", "without the classifier", True),
        ("16", "without the classifier", False),
    ],
)
def test_a_size_fits_a_count_if_its_digits_are_those_of_the_count(claimed, what, fits):
    size = book.size(row(claimed))
    assert (size.what, size.fits) == (what, fits)


def test_a_size_that_fits_no_count_is_told_with_the_nearest_and_how_far_it_is():
    size = book.size(TABLE["MobileNetV3Small"])
    assert (size.counted, size.fits) == (2_554_968, False)
    assert book.differences("MobileNetV3Small", None) == {
        "size": "2.9 M is 13.5 % more than the nearest count, 2.6 M with the classifier."
    }


def test_the_size_of_clip_is_that_of_another_clip_than_the_one_in_the_example():
    size = book.size(TABLE["OpenAI CLIP"])
    assert (size.backbone, size.fits) == ("CLIPViTL14", True)
    sentence = book.differences("OpenAI CLIP", None)["size"]
    assert "CLIPViTL14" in sentence and "CLIPViTB32: 151.3 M" in sentence


def test_the_parameters_of_a_clip_are_those_of_both_towers_and_projections():
    positions, logit_scale = (224 // 32) ** 2 + 1, 1  # Keras keeps the one as weights, OpenAI counts the other
    assert towers.params(BACKBONES["CLIPViTB32"]) == 151_277_313 - logit_scale + positions
    toy = BACKBONES["ToyCLIP"]
    both = towers.pooled(towers.image(toy), toy, "projected").count_params() + towers.text(toy).count_params()
    assert towers.params(toy) == both


def test_years_differ_from_the_paper_in_the_table_or_in_the_mind_map():
    assert book.years("VGG") == {"paper": 2014, "mind map": 2013, "table": 2014}
    assert book.misdated() == {"VGG": 2013, "Xception": 2018, "NASNet": 2019, "EfficientNet": 2020}
    told = {name: book.differences(name, None).get("year", "") for name in TABLE}
    assert "cannot be right" in told["VGG16"] and "2013" in told["VGG16"]
    assert "cannot be right" not in told["Xception"] and "2016" in told["Xception"]
    assert "2016" in told["DenseNet121"]  # the table gives the year of the conference
    assert {name for name, sentence in told.items() if not sentence} >= {"ResNet50", "InceptionV3", "MobileNetV2"}


def test_a_speed_word_is_contradicted_by_the_rank_of_the_time():
    speeds = book.speeds({"ResNet50": 1.0, "ResNet101": 3.0, "VGG16": 2.0}, "seconds")
    assert {name: speed.rank for name, speed in speeds.items()} == {"ResNet50": 1, "VGG16": 2, "ResNet101": 3}
    assert (speeds["VGG16"].word, speeds["VGG16"].contradicted_by, speeds["VGG16"].ratio) == (
        "moderate",
        "ResNet101",
        1.5,
    )
    assert (speeds["ResNet101"].word, speeds["ResNet101"].contradicted_by) == ("slow", "VGG16")
    assert not speeds["ResNet50"].contradicted_by
    assert "1.5 times as fast as ResNet101" in book.differences("VGG16", speeds["VGG16"])["speed"]
    assert "1.5 times as long as VGG16" in book.differences("ResNet101", speeds["ResNet101"])["speed"]


def test_times_that_are_nearly_equal_contradict_nothing():
    speeds = book.speeds({"ResNet101": 1.05, "VGG16": 1.0}, "seconds")
    assert not any(speed.contradicted_by for speed in speeds.values())


def test_times_of_two_machines_are_never_compared():
    cited = book.judge({})
    assert {speed.basis for speed in cited.values()} == {book.CITED}
    assert cited["VGG16"].contradicted_by == "InceptionResNetV2"  # 69.5 ms, slow; 130.2 ms, moderate
    assert book.judge({"VGG16": 10.0}) == cited  # alone, it has no rank
    both = book.judge({"VGG16": 10.0, "ResNet50": 30.0})
    assert {name for name, speed in both.items() if speed.basis == book.MEASURED} == {"VGG16", "ResNet50"}
    assert both["VGG16"].among == 2 and not both["VGG16"].contradicted_by
    assert book.judge({"VGG16": 30.0, "ResNet50": 10.0})["VGG16"].contradicted_by == "ResNet50"


def test_the_row_of_clip_speaks_of_every_clip_of_openai_and_of_no_other():
    assert [book.row_of(name) and book.row_of(name)[0] for name in ("CLIPViTL14", "CLIPViTB32LAION", "MobileNet")] == [
        "OpenAI CLIP",
        None,
        "MobileNetV1",
    ]
