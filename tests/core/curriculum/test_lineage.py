"""The family tree: complete, in the order of time, and every line with a paper behind it."""

from core import backbones
from core.backbones.catalog import BACKBONES
from core.curriculum import ideas, lineage
from core.curriculum.lineage import TAKEN, WORKS
from core.curriculum.papers import PAPERS


def test_every_pretrained_architecture_hangs_on_the_tree_once():
    hanging = [name for work in WORKS.values() for name in work.architectures]
    assert sorted(hanging) == sorted(backbones.pretrained_names())


def test_nobody_took_from_a_work_that_was_not_there_yet():
    for taken in TAKEN:
        assert {taken.by, taken.from_} <= set(WORKS)
        assert PAPERS[taken.from_].year <= PAPERS[taken.by].year
        assert taken.source.url.startswith("https://")


def test_nothing_is_told_twice_and_every_work_is_related():
    pairs = [(taken.by, taken.from_) for taken in TAKEN]
    assert len(pairs) == len(set(pairs))
    assert {name for pair in pairs for name in pair} == set(WORKS)


def test_there_are_no_circles():
    waiting, done = set(WORKS), set()
    while free := {name for name in waiting if all(taken.from_ in done for taken in TAKEN if taken.by == name)}:
        done |= free
        waiting -= free
    assert not waiting


def test_the_tree_and_the_ideas_cite_the_paper_of_the_table():
    for name in backbones.names():
        spec, work, idea = BACKBONES[name], lineage.of(name), ideas.of(name)
        assert work.family == spec.family
        assert work.paper.title == spec.paper
        assert idea.paper is work.paper
        assert spec.year == work.paper.year or name == "EfficientNetLite0"  # released a year after its paper


def test_openai_and_laion_trained_what_one_paper_thought_of():
    assert {"CLIPViTB32", "CLIPViTB32LAION"} <= set(WORKS["CLIP"].architectures)
    assert ideas.of("ToyCLIP").paper is WORKS["CLIP"].paper
    assert lineage.of("CustomCNN") is None
