"""A page with planted maps, for tests/browser/test_map_view_journey.py and measure_map_view.py.

Images of the shipped sample lie on a grid; in the second map left and right are exchanged; the third is 3-D.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parent.parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

SIDE = 20  # images in a line of the grid
ROWS = range(100, 100 + SIDE * SIDE)  # row ids are not positions
KEYS = ("a" * 16, "b" * 16, "c" * 16)


def plant(home: Path, key: str, rows, positions) -> None:
    """Put a map (n, dims) of some rows (n,) into a home folder."""
    import numpy as np

    folder = home / "maps" / key
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "rows.npy", np.asarray(rows, np.int64))
    np.save(folder / "positions.npy", np.asarray(positions, np.float32))


if __name__ == "__main__":
    import numpy as np
    import streamlit as st

    from core import settings
    from dashboard import server
    from dashboard.map_view import view as map_view
    from dashboard.state import visitor

    visitor.begin()
    st.set_page_config(layout="wide")
    if "wait" in st.query_params and not st.toggle("Show the map"):
        st.stop()
    asked = [KEYS[int(index)] for index in st.query_params.get("maps", "0")]
    dataset = server.datasets.get(st.query_params.get("dataset", "cifar10-sample"))
    rows = np.load(settings.folder("maps") / asked[0] / "rows.npy")
    columns = [
        map_view.Column("class", "Class", "class", dataset.labels[rows], dataset.class_names),
        map_view.Column("place", "Place", "number", np.linspace(0, 1, len(rows)), unit="%"),
    ]
    found = map_view.show(
        [map_view.Panel(key, f"Map {key[0]}") for key in asked],
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

    from dashboard.map_view import routes

    app = st.App(__file__, routes=routes.ROUTES)
