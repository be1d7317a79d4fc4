"""Pieces that several pages draw."""

from streamlit.testing.v1 import AppTest


def test_what_is_pressed_is_not_lost_to_a_fragment_that_finds_the_page_out_of_date():
    def draw() -> None:
        import streamlit as st

        from dashboard.ui import components

        st.fragment(components.redraw, run_every=1.0)()
        if st.button("Start"):
            st.markdown("Started")

    page = AppTest.from_function(draw).run()
    page.button[0].click().run()
    assert [shown.value for shown in page.markdown] == ["Started"]
