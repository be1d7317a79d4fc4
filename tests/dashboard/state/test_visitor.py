"""Choices live in one place, and in the address bar."""

from streamlit.testing.v1 import AppTest


def _show_state():
    import streamlit as st

    from dashboard.state import visitor

    visitor.begin()
    if st.button("choose"):
        visitor.update(dataset="flowers", backbones=("VGG16", "ResNet50"), projector=True)
    if st.button("forget"):
        visitor.update(dataset=visitor.State.dataset, backbones=visitor.State.backbones, projector=False)
    st.json(vars(visitor.get()))


def _shown(page: AppTest) -> dict:
    import json

    return json.loads(page.json[0].value)


def test_a_plain_address_means_the_defaults_and_stays_plain():
    page = AppTest.from_function(_show_state, default_timeout=120).run()
    assert _shown(page) == {
        "dataset": "cifar10-sample",
        "backbones": ["EfficientNetLite0"],
        "run": "",
        "projector": False,
        "lesson": "",
        "step": "",
        "importing": "",
    }
    assert not page.query_params


def test_an_address_brings_its_choices():
    page = AppTest.from_function(_show_state, default_timeout=120)
    page.query_params.update({"dataset": "flowers", "backbones": ["VGG16", "Xception"], "projector": "on"})
    shown = _shown(page.run())
    assert shown["dataset"] == "flowers"
    assert shown["backbones"] == ["VGG16", "Xception"]
    assert shown["projector"] is True


def test_a_choice_is_written_into_the_address_and_a_default_taken_out_of_it():
    page = AppTest.from_function(_show_state, default_timeout=120).run()
    page.button[0].click().run()
    assert page.query_params["dataset"] == "flowers"
    assert page.query_params["backbones"] == ["VGG16", "ResNet50"]
    assert page.query_params["projector"] == "on"
    page.button[1].click().run()
    assert not page.query_params


def test_memory_fills_what_a_later_address_leaves_out():
    page = AppTest.from_function(_show_state, default_timeout=120).run()
    page.button[0].click().run()
    page.query_params.clear()  # a link to another page, without choices
    page.query_params["dataset"] = "birds"
    shown = _shown(page.run())
    assert shown["dataset"] == "birds"
    assert shown["backbones"] == ["VGG16", "ResNet50"]
    assert page.query_params["backbones"] == ["VGG16", "ResNet50"]


def test_an_address_from_before_a_change_does_not_take_it_back(monkeypatch):
    page = AppTest.from_function(_show_state, default_timeout=120)
    page.query_params["dataset"] = "birds"
    page.run().button[0].click().run()
    page.query_params["dataset"] = "birds"  # sent by a browser that had not heard of the change
    assert _shown(page.run())["dataset"] == "flowers"
    assert page.query_params["dataset"] == "flowers"
    page.query_params["dataset"] = "trees"  # a link
    assert _shown(page.run())["dataset"] == "trees"

    page.button[0].click().run()
    monkeypatch.setattr("dashboard.state.address.LAG", 0)
    page.query_params["dataset"] = "trees"  # the way back, later
    assert _shown(page.run())["dataset"] == "trees"


def _show_switch():
    import streamlit as st

    from dashboard.state import visitor
    from dashboard.ui import choices

    visitor.begin()
    if st.button("show to a class"):
        visitor.update(projector=True)
    st.text(choices.projector())


def test_the_projector_switch_is_another_widget_when_on_so_that_no_old_message_turns_it_off():
    page = AppTest.from_function(_show_switch, default_timeout=120).run()
    assert page.text[0].value == "False" and page.toggle[0].key == "choose-projector-off"
    page.button[0].click().run()
    assert page.text[0].value == "True" and page.toggle[0].key == "choose-projector-on"
    assert page.query_params["projector"] == "on"
    page.toggle[0].set_value(False).run()
    assert page.text[0].value == "False" and "projector" not in page.query_params
    page.toggle[0].set_value(True).run()
    assert page.text[0].value == "True"
