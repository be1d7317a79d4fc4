"""The family tree and the timeline: every architecture can be clicked, lines follow time, the chosen one stands out."""

import pytest

from core import backbones
from core.backbones.catalog import BACKBONES
from core.curriculum.lineage import TAKEN, WORKS
from dashboard.backbones import family_tree
from dashboard.ui.colours import ACCENT, FAMILY_COLOURS


def clickable(figure) -> list[str]:
    return [row[0] for trace in figure.data if trace.customdata is not None for row in trace.customdata]


@pytest.mark.parametrize("draw", [family_tree.tree, family_tree.timeline])
def test_every_architecture_is_a_point_that_carries_its_name(draw):
    expected = backbones.pretrained_names()
    if draw is family_tree.timeline:  # without those of which no accuracy was published, a toy among them
        expected = [name for name in expected if BACKBONES[name].top1 or BACKBONES[name].zero_shot]
    assert sorted(clickable(draw())) == sorted(expected)


@pytest.mark.parametrize("draw", [family_tree.tree, family_tree.timeline])
def test_what_is_not_shown_is_faint_and_the_chosen_one_has_a_ring(draw):
    figure = draw("VGG19", {"VGG16", "VGG19"})
    strong = {
        row[0]
        for trace in figure.data
        if trace.customdata is not None
        for row, opacity in zip(trace.customdata, trace.marker.opacity, strict=True)
        if opacity == 1
    }
    assert strong == {"VGG16", "VGG19"}
    (ring,) = [trace for trace in figure.data if trace.marker.color == ACCENT]
    assert ring.marker.symbol == "circle-open"
    titles = {note.text: note.font.color for note in figure.layout.annotations}
    assert list(ring.text) == ["VGG19"] or titles["<b>VGG19</b>"] == ACCENT


def test_every_work_is_on_the_tree_with_its_title_in_a_lane_of_its_own_time():
    figure = family_tree.tree()
    assert {note.text.strip("</b>") for note in figure.layout.annotations} == {
        w.title.strip("</b>") for w in WORKS.values()
    }
    places = [(round(note.x, 1), note.y) for note in figure.layout.annotations]
    assert len(set(places)) == len(WORKS)


def test_lines_of_the_chosen_ones_work_are_coloured_and_there_is_a_reason_on_each():
    figure = family_tree.tree("MobileNetV2")
    lines = {trace.line.color: trace for trace in figure.data if trace.mode == "lines"}
    own = [taken for taken in TAKEN if "MobileNetV2" in (taken.by, taken.from_)]
    assert list(lines[ACCENT].x).count(None) == len(own)
    assert sum(list(trace.x).count(None) for trace in lines.values()) == len(TAKEN)
    reasons = next(trace for trace in figure.data if trace.hovertemplate == "%{text}<extra></extra>")
    assert len(reasons.text) == len(TAKEN)
    assert any("turned inside out" in text for text in reasons.text)


def test_the_years_of_the_books_mind_map_are_drawn_where_they_are_not_those_of_the_papers():
    marks = {
        t.text[1].strip(): t for t in family_tree.tree().data if t.text and len(t.text) == 2 and "book" in t.text[1]
    }
    assert set(marks) == {"book: 2013", "book: 2018", "book: 2019", "book: 2020"}
    assert marks["book: 2013"].x[0] > 2014 > marks["book: 2013"].x[1]
    assert "VGG" in marks["book: 2013"].hovertemplate


def test_a_family_keeps_its_colour_and_the_best_so_far_never_falls():
    figure = family_tree.timeline()
    families = {trace.name: trace for trace in figure.data if trace.customdata is not None}
    assert all(trace.marker.color == FAMILY_COLOURS[name.split(",")[0]] for name, trace in families.items())
    assert families["CLIP, zero-shot"].marker.symbol == "hexagon-open"  # else taken for a result of ImageNet's labels
    best = next(trace for trace in figure.data if trace.name == "Best so far")
    assert list(best.y) == sorted(best.y)
    assert best.y[-1] == backbones.get("ConvNeXtXLarge").top1
    assert list(families["ConvNeXt"].text).count("ConvNeXtXLarge") == 1
    assert sum(map(bool, families["VGG"].text)) == 1


def test_relations_tell_what_was_taken_and_given_with_its_source():
    told = {line: taken.source.mark for line, taken in family_tree.relations("ResNet50")}
    assert any("VGG" in line and "3 x 3" in line for line in told)
    assert any("ConvNeXt" in line for line in told)
    assert "He et al. 2015, arXiv:1512.03385" in told.values()
    assert family_tree.relations("CustomCNN") == []
