"""A page with a planted map of the shipped sample, which tests/browser/test_map_view.py drives: images on a grid.

In its second map left and right are exchanged; the third is 3-D.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parent.parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

SIDE = 20  # images in a line of the grid
ROWS = range(100, 100 + SIDE * SIDE)  # row ids are not positions
KEYS = ("a" * 16, "b" * 16, "c" * 16)

if __name__ == "__main__":
    import numpy as np
    import streamlit as st

    from dashboard import map_view, resources, state

    state.begin()
    st.set_page_config(layout="wide")
    dataset = resources.dataset("cifar10-sample")
    rows = np.array(ROWS)
    asked = st.query_params.get("maps", "0")
    columns = [
        map_view.Column("class", "Class", "class", dataset.labels[rows], dataset.class_names),
        map_view.Column("place", "Place", "number", np.linspace(0, 1, len(rows)), unit="%"),
    ]
    found = map_view.show(
        [map_view.Panel(KEYS[int(index)], f"Map {index}") for index in asked],
        rows,
        dataset,
        columns,
        key="planted",
        colour=st.query_params.get("colour", "class"),
        arrange=st.query_params.get("arrange", "single"),
        focus=[int(row) for row in st.query_params.get_all("focus")],
    )
    st.text(f"clicked {found.clicked}, selected {found.rows.tolist()}")
elif __name__ == "planted_map":
    import streamlit as st

    from dashboard import routes

    app = st.App(__file__, routes=routes.ROUTES)
