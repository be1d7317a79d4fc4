"""The tables of an anatomy: all layers, narrowed down, folded to blocks; and architectures side by side."""

import pandas as pd
import pytest

from core import anatomy, backbones
from dashboard.anatomy import block, comparison, layers

NO_SPEEDS = pd.DataFrame(columns=["backbone", "input_size", "images_per_second"])


@pytest.fixture(scope="module")
def lite():
    return anatomy.describe("EfficientNetLite0", 64)


@pytest.fixture(scope="module")
def table(lite):
    return layers.frame(lite, anatomy.freeze(lite, "blocks", 1))


def test_every_layer_is_a_row_and_columns_add_up(lite, table):
    assert table["name"].tolist() == [layer.name for layer in lite.layers]
    assert (table["params"].sum(), table["macs"].sum()) == (lite.params, lite.macs)
    assert table["trainable"].sum() == anatomy.freeze(lite, "blocks", 1).trainable_params
    row = table.set_index("name").loc["block2_depthwise_conv"]
    assert (row["window"], row["output"], row["receptive"], row["trains"]) == (
        "3 × 3",
        "16 × 16 × 144",
        19,
        False,
    )  # 3 + 2 * 2 + 2 * 2 + 2 * 4
    assert pd.isna(table["receptive"].iloc[-1])


def test_words_and_types_narrow_the_table_down(table):
    found = layers.narrowed(table, "BLOCK5 bn", [])
    assert len(found) == 3 and set(found["kind"]) == {"BatchNormalization"}
    assert set(layers.narrowed(table, "", ["Add"])["kind"]) == {"Add"}
    assert layers.narrowed(table, "add", ["Conv2D"]).empty
    assert len(layers.narrowed(table, "", [])) == len(table)


def test_folded_a_block_is_one_row_with_its_sums(lite, table):
    blocks = layers.folded(table, anatomy.freeze(lite, "blocks", 1)).set_index("name")
    assert blocks["layers"].sum() == len(table)
    assert blocks["params"].sum() == lite.params
    assert blocks.loc["block15", "output"] == "2 × 2 × 320"
    assert blocks.loc["head", "trainable"] > 0 == blocks.loc["block15", "trainable"]


def test_folded_a_block_sees_what_its_last_layer_sees():
    siglip = anatomy.describe("SigLIP2B16", 64)
    frozen = anatomy.freeze(siglip, "blocks", 1)
    sees = layers.folded(layers.frame(siglip, frozen), frozen).set_index("name")["receptive"]
    assert sees["stem"] == 16 and pd.isna(sees["transformer_block_0"])  # after attention the whole image


def test_the_block_that_is_opened_first_is_of_the_commonest_kind(lite):
    assert block.default(lite) == "block4"  # 5 x 5 with a way around, as in five others
    assert block.opened(lite, "stem") == "stem"
    assert block.opened(lite, "no such part") == "block4"


def test_facts_side_by_side_are_marked_by_where_they_come_from(lite):
    tiny = anatomy.describe("Tiny", 64)
    speeds = pd.DataFrame({"backbone": ["Tiny"], "input_size": [64], "images_per_second": [1234.0]})
    found = comparison.table([lite, tiny], speeds)
    assert list(found.columns) == ["EfficientNetLite0", "Tiny"]
    assert all(fact.endswith(":blue-badge[computed]") for fact in found.index[:7])
    assert found.loc["Parameters :blue-badge[computed]", "Tiny"] == "3,712"
    assert list(found.loc["Speed :green-badge[measured]"]) == ["–", "1,234 images/s"]
    assert list(found.loc["ImageNet top-1 :gray-badge[cited]"]) == ["75.1 %", "–"]


def test_a_sentence_tells_how_the_other_differs(lite):
    half = anatomy.describe("EfficientNetLite0", 32)
    said = comparison.sentence(half, lite)
    assert "1.0 times the parameters" in said
    assert f"{lite.macs / half.macs:.1f} times the MACs" in said
    assert "smallest input size" in said


def test_a_clip_is_beside_others_at_the_one_size_it_takes(lite):
    clip = anatomy.describe("ToyCLIP", comparison.size_for("ToyCLIP", 64))
    assert "at 32 px, its only" in comparison.sentence(lite, clip)
    found = comparison.table([clip], NO_SPEEDS)["ToyCLIP"]
    assert found["Receptive field :blue-badge[computed]"] == "the whole image"
    assert found["MACs of an image :blue-badge[computed]"] == "19.6 M"
    assert "block counted as one" in found["Depth, layers with weights :blue-badge[computed]"]


def test_the_headline_waits_for_what_is_computed(lite):
    spec = backbones.get("EfficientNetLite0")
    assert comparison.headline(spec, None).endswith("98 layers with weights")
    assert "MACs at 64 px" in comparison.headline(spec, lite)
    assert comparison.size_for("InceptionV3", 32) == 75
