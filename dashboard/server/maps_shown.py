"""Arrays that browsers fetch for the maps they show."""

import streamlit as st

from dashboard.server.parcels import Parcels


@st.cache_resource(show_spinner=False)
def parcels() -> Parcels:
    """One for all visitors: ten who look at one map share its arrays."""
    return Parcels()
