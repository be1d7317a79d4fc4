"""Entry point: `streamlit run dashboard/app.py`."""

import logging
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

    # It warns of every cached function that is imported before the server runs.
    logging.getLogger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)

    from core import keras_defaults, limits, people, roster, server_lock, settings, sign_in
    from core.errors import ConfigError, LabError
    from dashboard import middleware
    from dashboard.classroom import cookie, invitation, join, lecture
    from dashboard.map_view import routes
    from dashboard.run import takeout
    from dashboard.state import prefix, streamlit_patch

    try:
        settings.check()
        invitation.check_address()
        keras_defaults.backend()  # raises for one that is unknown
        if in_class := settings.mode() == "class":
            for read in (roster.key, roster.read, limits.read, sign_in.read):
                read()  # raises if its file is damaged or another user's
    except ConfigError as error:
        sys.exit(f"error: {error}")

    def show_error(error: Exception) -> bool:
        """Show what a timer or a press raises: a LabError in its sentence instead of a traceback."""
        from dashboard.ui import components  # which would delay the start

        if ours := isinstance(error, LabError):
            components.show_error(error)
        return ours

    streamlit_patch.ask_no_one()
    server_lock.warn()
    people.set_identity(cookie.current_person)
    app = st.App(
        __file__,
        routes=prefix.below([*routes.ROUTES, *takeout.ROUTES, *((*join.ROUTES, *lecture.ROUTES) if in_class else ())]),
        middleware=middleware.MIDDLEWARE,
        lifespan=invitation.announced,
        on_script_error=show_error,
    )
