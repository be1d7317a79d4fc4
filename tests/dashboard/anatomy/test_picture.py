"""The picture of a network shows every part once, in order, in the colour of what it does under the plan."""

import itertools

import pytest

from core import anatomy
from dashboard.anatomy import picture
from dashboard.ui import formats, training_charts


@pytest.fixture(scope="module")
def lite():
    return anatomy.describe("EfficientNetLite0", 64)


def boxes_of(found, unfreeze="layers", count=0):
    return picture.parts(found, anatomy.freeze(found, unfreeze, count))


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_every_part_is_a_box_and_the_head_stands_at_the_end(lite):
    boxes = boxes_of(lite)
    assert [box.name for box in boxes] == list(lite.parts)
    figure = picture.figure(boxes, head="12,810 parameters")
    drawn = [tuple(point) for trace in figure.data if trace.customdata is not None for point in trace.customdata]
    assert sorted(drawn) == sorted((box.name,) for box in boxes)
    head = figure.data[-1]
    assert "12,810 parameters" in head.hovertemplate
    assert head.x[0] > max(max(trace.x) for trace in figure.data[:-1])


def test_resolution_is_that_of_the_last_map_with_weights_and_channels_those_handed_on(lite):
    boxes = {box.name: box for box in boxes_of(lite)}
    assert (boxes["stem"].resolution, boxes["stem"].channels) == (32, 32)
    assert (boxes["block15"].resolution, boxes["block15"].channels) == (2, 320)
    assert (boxes["pool"].resolution, boxes["pool"].channels, boxes["pool"].trains) == (1, 1280, None)


def test_colours_follow_the_plan_and_a_part_that_is_cut_shows_both(lite):
    nothing = picture.figure(boxes_of(lite))
    assert {"Frozen", "No weights"} <= set(traces(nothing)) and "Trains" not in traces(nothing)
    everything = picture.figure(boxes_of(lite, "layers", lite.slices["layers"]))
    assert "Frozen" not in traces(everything)
    assert traces(everything)["Trains"].marker.color == training_charts.TRAINS

    boxes = boxes_of(lite, "layers", 10)
    cut = [box for box in boxes if box.trains is not None and 0 < box.trains < 1]
    assert [box.name for box in cut] == ["block15"]
    figure = traces(picture.figure(boxes))
    both = [
        trace
        for trace in figure.values()
        if trace.customdata is not None and ("block15",) in map(tuple, trace.customdata)
    ]
    assert [trace.name for trace in both] == ["Frozen", "Trains"]
    widths = {trace.name: trace.width[list(map(tuple, trace.customdata)).index(("block15",))] for trace in both}
    assert widths["Trains"] / sum(widths.values()) == pytest.approx(cut[0].trains)


@pytest.mark.parametrize("by", picture.WIDTHS)
def test_boxes_stand_beside_each_other_whatever_their_widths_show(lite, by):
    figure = picture.figure(boxes_of(lite, "blocks", 3), by=by)
    edges = sorted(
        (centre - width / 2, centre + width / 2)
        for trace in figure.data
        for centre, width in zip(trace.x, trace.width, strict=True)
    )
    assert all(right <= left + 1e-9 for (_, right), (left, _) in itertools.pairwise(edges))
    assert figure.layout.xaxis.range[1] > edges[-1][1]


def test_tokens_are_as_high_as_the_square_of_their_patches():
    boxes = boxes_of(anatomy.describe("ToyCLIP"))
    assert [box.resolution for box in boxes] == [8, 8, 8, 8, 1]
    said = [note.text for note in picture.figure(boxes).layout.annotations]
    assert said == ["<b>8 × 8 patches</b><br>128", "<b>1 × 1</b><br>128"]


def test_patches_without_a_class_token_are_all_counted_and_what_pools_them_is_one_position():
    boxes = boxes_of(anatomy.describe("SigLIP2B16", 64))
    said = [note.text for note in picture.figure(boxes).layout.annotations]
    assert said == ["<b>4 × 4 patches</b><br>768", "<b>1 × 1</b><br>768"]


def test_a_stage_has_one_label_with_its_resolution_and_channels(lite):
    figure = picture.figure(boxes_of(lite))
    said = [note.text for note in figure.layout.annotations]
    assert said[0] == "<b>32 × 32</b><br>32 to 16"
    assert said[-1] == "<b>1 × 1</b><br>1,280"
    assert len(said) == len({box.resolution for box in boxes_of(lite)})


def test_hovering_lists_the_layers_and_what_trains(lite):
    boxes = {box.name: box for box in boxes_of(lite, "blocks", 1)}
    assert "frozen" in boxes["stem"].hover
    assert "Conv2D 3 × 3, stride 2: 32 × 32 × 32" in boxes["stem"].hover
    assert "412,160 parameters train" in boxes["head"].hover  # 320 x 1280, and scale and offset of BatchNorm


@pytest.mark.parametrize(
    ("number", "text"),
    [(999, "999"), (12_810, "13 K"), (2_257_984, "2.3 M"), (999_600, "1.0 M"), (3.86e9, "3.86 G"), (15.3e9, "15.3 G")],
)
def test_large_numbers_are_short(number, text):
    assert formats.millions(number) == text
