"""The idea of every family can be read and played with; sentences say what the sliders made of it."""

import pytest
from streamlit.testing.v1 import AppTest

from core import backbones
from core.curriculum import ideas
from dashboard.anatomy.idea_demos import DEMOS, OF_TRANSFORMERS

pytestmark = pytest.mark.slow

WITHOUT_WORKER = [name for name in (*DEMOS, *OF_TRANSFORMERS) if name != "gradients"]


def idea(name: str) -> AppTest:
    def draw(name: str) -> None:
        from dashboard.anatomy import idea_tab

        idea_tab.show(name)

    page = AppTest.from_function(draw, kwargs={"name": name}, default_timeout=120).run()
    assert not page.exception
    return page


def demo(name: str, backbone: str = "SwinTiny") -> AppTest:
    def draw(name: str, backbone: str) -> None:
        from core import backbones
        from dashboard.anatomy import idea_demos

        idea_demos.draw(name, backbones.get(backbone))

    page = AppTest.from_function(draw, kwargs={"name": name, "backbone": backbone}, default_timeout=120).run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    return " ".join(text.value for text in page.markdown)


ONE_OF_EACH_PAPER = {
    backbones.get(name).paper_url: name for name in backbones.pretrained_names() if "ResNet" not in name
}


@pytest.mark.parametrize("name", ONE_OF_EACH_PAPER.values())
def test_an_idea_is_told_with_its_paper_its_formula_and_a_verdict(name):
    page = idea(name)
    told = ideas.of(name)
    assert told.title in [each.value for each in page.subheader]
    assert told.paper.url in said(page)
    assert page.latex[0].value.strip("$\n ") == told.formula
    assert "**Strengths**" in said(page) and "**Weaknesses**" in said(page)
    assert len(page.get("plotly_chart")) >= 1


def test_a_network_of_the_course_has_no_idea_of_its_own_and_says_so():
    assert "convolution and pooling" in idea("CustomCNN").info[0].value


def test_every_idea_names_a_demo_that_exists():
    assert {each.demo for each in ideas.IDEAS} == {*DEMOS, *OF_TRANSFORMERS}


@pytest.mark.parametrize(("backbone", "width"), [("ViTB16", "768"), ("DeiTTiny", "192"), ("DINOv2Small", "384")])
def test_tokens_are_as_wide_as_those_of_the_network_shown(backbone, width):
    assert f"tokens of {width} numbers each, as in {backbone}" in said(demo("tokens", backbone))


@pytest.mark.parametrize("name", WITHOUT_WORKER)
def test_sliders_change_the_sentence(name):
    page = demo(name)
    before = said(page)
    slider = page.slider[0]
    slider.set_value(slider.max).run()
    assert not page.exception
    assert said(page) != before
    assert len(page.get("plotly_chart")) >= 1


def test_a_separable_convolution_of_3_x_3_leaves_about_a_ninth():
    page = demo("separable")
    assert "**11.9 %** of the parameters" in said(page)  # 1/128 + 1/9
    page.slider[0].set_value(1).run()
    assert "one pixel" in said(page)


def test_windows_save_the_more_the_larger_the_image_is():
    page = demo("windows")
    assert "they cost **1/64** as much" in said(page)  # 56 x 56 patches in windows of 7 x 7
    page.slider[0].set_value(448).run()
    assert "they cost **1/256** as much" in said(page)


def test_narrowing_to_more_than_it_saves_is_called_no_saving():
    page = demo("reduction")
    assert "saves nothing" not in said(page)
    page.slider[3].set_value(512).run()
    assert "saves nothing" in said(page)


def test_large_numbers_can_be_read_aloud():
    page = demo("search")
    page.slider[1].set_value(2)
    for blocks, cells in {2: "2,304", 4: "59.0 million", 5: "17.0 billion", 6: r"$6.7 \cdot 10^{12}$"}.items():
        page.slider[0].set_value(blocks).run()
        assert f"**{cells} cells** of {blocks} blocks" in said(page)
