"""Where a dataset comes from, its licence, the files that were left out, and the button that deletes it."""

import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from dashboard.data import deletion
from dashboard.ui import formats


def show(dataset: Dataset) -> None:
    """Its source, licence and fingerprint, and each skipped file with the reason."""
    st.table(
        {
            "Source": dataset.source,
            "Licence": dataset.licence,
            "Fingerprint": f"`{dataset.fingerprint}` of all pixels and labels",
        },
        border="horizontal",
    )
    if dataset.skipped:
        with st.expander(f"{formats.count(len(dataset.skipped), 'file')} skipped", icon=":material/warning:"):
            st.dataframe(pd.DataFrame({"File and reason": dataset.skipped}), hide_index=True)
    deletion.offer(dataset.name)
