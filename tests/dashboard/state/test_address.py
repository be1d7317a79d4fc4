"""Choices in the address bar: a link sets them, and of two quick clicks none is lost."""

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest


def _two_choices():
    import streamlit as st

    from dashboard.state import address
    from dashboard.ui import choices

    choices.titled(st.selectbox, "map", "Map", {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"})
    choices.titled(st.selectbox, "arrange", "Shown", {"pair": "Pair", "morph": "Morph"})
    address.number(st.number_input, "near", "Near", default=15, least=2, most=50)
    if st.button("forget"):
        address.forget(["map"])
        st.rerun()


@pytest.mark.parametrize("linked", ["umap", "tsne"])
def test_a_click_holds_against_the_address_that_the_next_click_brings_from_before_it(linked):
    page = AppTest.from_function(_two_choices, default_timeout=120)
    if linked != "umap":  # the default is not in the address
        page.query_params["map"] = linked
    page.run()
    before = dict(page.query_params)
    page.selectbox[0].select("pca").run()
    assert page.query_params["map"] == "pca"
    page.query_params = before  # of the browser when the second click came
    page.selectbox[1].select("morph").run()
    assert [box.value for box in page.selectbox] == ["pca", "morph"]
    assert page.query_params == {"map": "pca", "arrange": "morph"}


def test_a_number_holds_too():
    page = AppTest.from_function(_two_choices, default_timeout=120)
    page.query_params["near"] = "20"
    page.run()
    page.number_input[0].set_value(30).run()
    page.query_params["near"] = "20"
    page.selectbox[0].select("pca").run()
    assert page.number_input[0].value == 30
    assert page.query_params["near"] == "30"


def test_a_link_that_is_followed_later_sets_what_it_says(monkeypatch):
    monkeypatch.setattr("dashboard.state.address.LAG", 0)
    page = AppTest.from_function(_two_choices, default_timeout=120)
    page.query_params["map"] = "tsne"
    page.run()
    page.selectbox[0].select("pca").run()
    page.query_params["map"] = "tsne"
    page.run()
    assert page.selectbox[0].value == "tsne"


def test_what_is_forgotten_is_not_brought_back():
    page = AppTest.from_function(_two_choices, default_timeout=120).run()
    page.selectbox[0].select("pca").run()
    page.button[0].click().run()
    assert page.selectbox[0].value == "umap"
    assert "map" not in page.query_params


def test_changes_together_are_sent_as_one(monkeypatch):
    sent = []
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda parameters: sent.append(parameters.to_dict()))

    def change_three():
        import streamlit as st

        from dashboard.state import address

        with address.together():
            address.put("map", "pca")
            with address.together():
                address.put("near", 20)
            address.put("near", 30)
            st.text(st.query_params["near"])
        with address.together():
            address.put("map", "pca")

    page = AppTest.from_function(change_three, default_timeout=120).run()
    assert page.text[0].value == "30"
    assert sent == [{"map": "pca", "near": "30"}]


def _several_choices():
    import streamlit as st

    from dashboard.state import address

    titles = {"cnn": "CNN", "probe": "Probe", "tune": "Fine-tune"}
    st.text(address.several("models", "Models", titles, widget=st.multiselect, default=["cnn", "tune"]))
    st.button("again")


def test_a_list_that_a_browser_draws_afresh_begins_with_the_default_in_every_run():
    page = AppTest.from_function(_several_choices, default_timeout=120).run()
    page.button[0].click().run()
    assert list(page.multiselect[0].proto.default) == [0, 2]
    assert page.text[0].value == "cnn+tune"
    page.multiselect[0].set_value(["probe"]).run()
    page.button[0].click().run()
    assert (page.text[0].value, page.query_params["models"]) == ("probe", "probe")
    page.multiselect[0].set_value(["cnn", "tune"]).run()
    assert (page.text[0].value, "models" in page.query_params) == ("cnn+tune", False)


def _what_is_left():
    import streamlit as st

    from dashboard.ui import choices

    left = st.session_state.get("left", ["first", "second"])
    st.markdown(choices.titled(st.selectbox, "which", "Which", {name: name.title() for name in left}))


def test_of_a_choice_that_is_gone_the_default_is_left():
    page = AppTest.from_function(_what_is_left, default_timeout=120).run()
    page.selectbox[0].select("second").run()
    assert page.markdown[0].value == "second"
    page.session_state["left"] = ["first"]  # another visitor has deleted it
    assert page.run().markdown[0].value == "first"
    assert "which" not in page.query_params
