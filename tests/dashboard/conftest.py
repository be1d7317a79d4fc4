"""Scripts of Streamlit beside Keras: in the dashboard the two never share a process, in the tests they may."""

import pytest
from streamlit.runtime.scriptrunner import script_runner


@pytest.fixture(autouse=True)
def keras_is_left_alone(our_config: None, components_found_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """After every script run Streamlit resets Keras, which takes a second where other tests have used it."""
    monkeypatch.setattr(script_runner, "_clean_problem_modules", lambda: None)
