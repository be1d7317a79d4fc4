"""Entry point: `streamlit run dashboard/app.py`."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parent.parent)

if __name__ == "__main__":  # drawing a page for a visitor
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)

    from dashboard import shell

    shell.show()
elif __name__ == "app":  # the server; not a worker: a spawned process imports the main file of its parent
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)

    import streamlit as st

    from core import server_lock
    from dashboard import doors
    from dashboard.map_view import routes

    server_lock.warn()
    app = st.App(__file__, routes=routes.ROUTES, middleware=doors.MIDDLEWARE)
