"""The table of the families is of the facts: ranges, years and times can be found there again."""

from core import backbones
from core.backbones.catalog import BACKBONES
from core.curriculum.verdicts import VERDICTS
from dashboard.backbones import family_table


def test_every_family_is_a_row_with_the_range_of_its_members():
    table = family_table.table()
    members = {name: int(count[:-1]) for name, count in (row.split(" (") for row in table.index)}
    assert set(members) == set(VERDICTS)
    assert table.index[0] == "VGG (2)"  # the oldest
    vgg = table.loc["VGG (2)"]
    assert (vgg["Year"], vgg["Depth"]) == ("2014", "13 to 16")
    assert vgg["Parameters"] == "14.7\N{NO-BREAK SPACE}M to 20.0\N{NO-BREAK SPACE}M"
    assert sum(members.values()) == len(backbones.pretrained_names()) - 1  # no toy


def test_a_time_is_told_in_times_of_the_yardstick_and_only_where_one_was_published():
    table = family_table.table()
    low, high = map(float, table.loc["VGG (2)", "CPU"].split(" to "))
    assert low == round(BACKBONES["VGG16"].cpu_ms / BACKBONES["ResNet50"].cpu_ms, 1)
    assert high == round(BACKBONES["VGG19"].cpu_ms / BACKBONES["ResNet50"].cpu_ms, 1)
    assert table.loc["ConvNeXt (5)", "GPU"] == "–"
    assert table.loc["CLIP (8)", "Top-1 (%)"] == "63.3 to 80.1, zero-shot"


def test_what_is_said_beside_it_is_read_off_the_facts():
    said = " ".join(family_table.lessons())
    lite = [name for name in BACKBONES if name in said]
    assert {"VGG16", "ResNet50", "EfficientNetLite0"} <= set(lite)
    slow = BACKBONES["EfficientNetB4"]
    assert f"{slow.gpu_ms / BACKBONES['ResNet50'].gpu_ms:.1f} times as long on the GPU" in said
    assert "InceptionV3 takes 0.7 times" in said and "1.5 times as long on the published GPU" in said
    assert "NASNetMobile has 388 layers with weights" in said
    assert "VGG16 has 138.4 M parameters with its ImageNet classifier and 14.7 M without" in said
    assert "ToyCLIP" not in said
