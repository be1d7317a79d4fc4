"""Anatomy opens an architecture, and everything on it moves with the freeze slider."""

from streamlit.testing.v1 import AppTest

from core import anatomy, hardware
from core.config import RunConfig
from core.features import throughput
from core.training import freezing
from dashboard import server
from tests.pages.conftest import wait


def text(page: AppTest) -> str:
    return " ".join(element.value for element in [*page.markdown, *page.header, *page.caption])


def opened(visit, **address: str) -> AppTest:
    """The page with its table; a network that was not opened before is read by the worker."""
    page = visit("anatomy", **{"backbone": "ResNet20"} | address)
    return wait(page, lambda: len(page.header) > 0)


def test_a_network_is_opened_and_its_totals_move_with_the_slider(visit):
    page = opened(visit)
    found = anatomy.find("ResNet20")
    head = anatomy.head_params(found, 10)
    assert page.slider[0].max == found.slices["layers"]
    assert [element.value for element in page.header[:3]] == [
        f"{found.params + head:,}",
        f"{head:,}",
        f"{found.params:,}",
    ]
    assert "whole backbone is frozen" in text(page)
    assert f"Depth: {found.depth + 1} layers with weights" in text(page)

    page.slider[0].set_value(12).run()
    config = RunConfig(backbone="ResNet20", method="finetune", unfreeze="layers", unfreeze_count=12)
    trains = freezing.describe(config).trainable_params + head
    assert page.header[1].value == f"{trains:,}"
    assert page.header[2].value == f"{found.params + head - trains:,}"
    assert f"The last 12 of {found.slices['layers']} layers train" in text(page)
    assert page.query_params["unfreeze_count"] in ("12", ["12"])
    assert page.dataframe[0].value["trains"].sum() == freezing.describe(config).trainable_weight_layers
    assert not page.exception


def test_a_link_with_an_earlier_name_opens_what_is_called_otherwise_now(visit):
    page = visit("anatomy", backbone="TinyCLIP")
    assert page.selectbox(key="backbone").value == "ToyCLIP"
    assert page.query_params["backbone"] == "ToyCLIP"
    assert not page.warning
    page = visit("train", backbones=["TinyCLIP", "Tiny"])
    assert page.multiselect[0].value == ["ToyCLIP", "Tiny"]
    assert not page.warning
    page = visit("zero_shot", clip="TinyCLIP")
    assert page.selectbox(key="clip").value == "ToyCLIP"
    assert not page.warning


def test_a_link_brings_size_plan_and_part(visit):
    page = opened(
        visit, input_size="64", unfreeze="blocks", unfreeze_count="2", tab="block", part="block7", width="macs"
    )
    found = anatomy.find("ResNet20", 64)
    assert page.number_input[0].value == 64
    assert page.slider[0].value == 2
    assert "The last 2 of" in text(page) and "blocks train" in text(page)
    assert page.selectbox(key="part").value == "block7"
    assert "residual block" in text(page)
    assert len(page.get("graphviz_chart")) == 1
    assert "block7_conv1" in page.get("graphviz_chart")[0].proto.spec
    train = next(link for link in page.main.get("page_link") if link.proto.label == "Train this plan")
    assert "unfreeze_count=2" in train.proto.query_string and "input_size=64" in train.proto.query_string
    assert found.backbone == "ResNet20" and not page.exception


def test_layers_are_searched_filtered_and_folded(visit):
    page = opened(visit)
    everything = len(page.dataframe[0].value)
    assert everything == len(anatomy.find("ResNet20").layers)
    page.text_input(key="layer").set_value("block9 conv").run()
    assert 0 < len(page.dataframe[0].value) < 12
    page.text_input(key="layer").set_value("").run()
    page.multiselect(key="kind").set_value(["Add"]).run()
    assert len(page.dataframe[0].value) == 9
    page = opened(visit, rows="blocks")
    assert list(page.dataframe[0].value["name"]) == list(
        dict.fromkeys(layer.block for layer in anatomy.find("ResNet20").layers)
    )


def test_an_epoch_is_estimated_once_a_speed_is_known(visit):
    page = opened(visit, unfreeze="blocks", unfreeze_count="11")
    assert len(page.header) == 4
    assert any(button.label == "Measure" for button in page.button)
    throughput.record(throughput.in_keras("ResNet20"), 32, 100.0, hardware.name())
    server.throughput.table.clear()
    page.run()
    assert page.header[4].value == "54 s"  # 1,800 images, three passes at 100 images/s


def test_another_architecture_is_put_beside_it(visit):
    page = opened(visit)
    page.multiselect(key="with").set_value(["MobileNetSmall"]).run()
    wait(page, lambda: len(page.table) > 0)
    assert list(page.table[0].value.columns) == ["ResNet20", "MobileNetSmall"]
    assert "the parameters and" in text(page) and "the MACs of ResNet20" in text(page)
    assert any(button.label == "Measure MobileNetSmall" for button in page.button)


def test_a_size_that_it_cannot_take_falls_back_and_a_wrong_name_does_no_harm(visit):
    page = opened(visit, input_size="3")
    assert page.number_input[0].value == 32
    page = visit("anatomy", backbone="NoSuchNet", unfreeze_count="9999")
    assert not page.exception
    assert page.selectbox(key="backbone").value == "EfficientNetLite0"


def test_code_and_idea_are_tabs_of_it(visit):
    page = opened(visit, tab="scratch")
    assert any("def resnet20" in code.value for code in page.code)
    page = opened(visit, tab="idea")
    assert not page.exception


def test_a_worker_that_fails_is_told_and_asked_again_by_the_next_visit(visit, monkeypatch):
    monkeypatch.setattr(anatomy, "describe", failing)
    page = visit("anatomy", backbone="LeNet")
    wait(page, lambda: len(page.error) > 0)
    assert "Try again" in page.error[0].value
    monkeypatch.undo()


def failing(backbone: str, input_size: int):
    raise MemoryError(f"{backbone} at {input_size}")


def test_a_clip_is_opened_at_its_size_with_what_it_multiplies_and_its_own_idea(visit):
    page = opened(visit, backbone="ToyCLIP", input_size="64", tab="block")
    assert page.number_input[0].value == 32
    assert "block counted as one · 19.6 M MACs at 32 px" in text(page)
    assert "each of the 65 tokens" in text(page)
    page = opened(visit, backbone="ToyCLIP", tab="scratch")
    assert any("not written out" in info.value for info in page.info)
    page = opened(visit, backbone="ToyCLIP", tab="idea")
    assert any("captions" in each.value for each in page.subheader)
    page = visit("anatomy", backbone="ToyCLIP", tab="sees")
    page = wait(page, lambda: any("Tokens of the patches" in element.value for element in page.subheader))
    assert any("no fixed classes" in info.value for info in page.info)
    assert not page.exception


def test_a_photo_is_followed_through_an_untrained_network_that_is_marked_so(visit):
    page = visit("anatomy", backbone="ResNet20", tab="sees")
    page = wait(page, lambda: any("Feature maps" in element.value for element in page.subheader))
    assert [element.value for element in page.warning] and "untrained" in page.warning[0].value
    said = text(page)
    assert "mean absolute value" in said
    assert "untrained" in said
    assert "3 x 3 pixels" in said  # the first filters
    assert not page.exception
