"""Every press is answered, in order: a session of Streamlit itself, in which no page runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner import ScriptRunner, ScriptRunnerEvent
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state.common import WidgetMetadata

from dashboard.state import presses
from tests import event_loop


class Loop:
    """The event loop, whichever runs: its time passes by `wait`."""

    def __init__(self) -> None:
        self.time, self.later = 1000.0, []

    def __eq__(self, other: object) -> bool:
        return True

    def call_later(self, seconds: float, function: Callable, *arguments: object) -> None:
        self.later.append((self.time + seconds, function, arguments))

    def wait(self, seconds: float) -> None:
        self.time += seconds
        due = [call for call in self.later if call[0] <= self.time]
        self.later = [call for call in self.later if call[0] > self.time]
        for _, function, arguments in due:
            function(*arguments)


class Visit:
    """What a browser sends, and the runs of the script that answer it."""

    def __init__(self, session: AppSession, runs: list[RerunData], loop: Loop):
        self.session, self.runs, self.loop = session, runs, loop

    def sends(self, *pressed: str, address: str = "", tick: bool = False, **choices: str) -> None:
        """A request with presses of these buttons, and all choices as the browser shows them."""
        state = ClientState(query_string=address, page_script_hash="train", is_auto_rerun=tick)
        state.widget_states.widgets.extend(WidgetState(id=name, string_value=choices[name]) for name in choices)
        state.widget_states.widgets.extend(WidgetState(id=name, trigger_value=True) for name in pressed)
        self.session.handle_backmsg(BackMsg(rerun_script=state))

    def ended(self, address: str = "", page: str = "train", **choices: str) -> None:
        """The script has ended, after it has set the address and some choices."""
        held = self.session.session_state._new_widget_state
        for name, value in choices.items():
            held.set_widget_metadata(WidgetMetadata(name, str, str, "string_value"))
            held.set_from_value(name, value)
        state = ClientState(query_string=address, page_script_hash=page)

        async def end() -> None:
            runner = self.session._scriptrunner
            self.session._handle_scriptrunner_event_on_event_loop(
                runner, ScriptRunnerEvent.SHUTDOWN, client_state=state
            )

        event_loop.run(end())

    def pressed(self) -> list[list[str]]:
        """The buttons whose presses each run has answered."""
        widgets = [run.widget_states.widgets if run.widget_states else () for run in self.runs]
        return [[widget.id for widget in each if widget.trigger_value] for each in widgets]

    def choice(self, name: str) -> str:
        """A choice as the last run was given it."""
        states = self.runs[-1].widget_states
        assert states is not None
        return next(widget.string_value for widget in states.widgets if widget.id == name)


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Visit]:
    runs: list[RerunData] = []
    loop = Loop()
    monkeypatch.setattr(presses, "monotonic", lambda: loop.time)

    def create(session: AppSession, data: RerunData) -> None:
        runs.append(data)
        session._scriptrunner = cast(ScriptRunner, SimpleNamespace(request_stop=bool, request_rerun=bool))

    monkeypatch.setattr(AppSession, "_create_scriptrunner", create)
    watcher = config.get_option("server.fileWatcherType")
    config.set_option("server.fileWatcherType", "none")
    presses.answer_all()

    async def session() -> AppSession:
        script = ScriptData(str(tmp_path / "app.py"), is_hello=False)
        session = AppSession(script, MemoryUploadedFileManager("/files"), ScriptCache(), None, {})
        monkeypatch.setattr(session, "_event_loop", loop)
        return session

    visit = Visit(event_loop.run(session()), runs, loop)
    yield visit
    visit.session._scriptrunner = None
    visit.session.shutdown()
    config.set_option("server.fileWatcherType", watcher)


def test_a_press_does_not_break_off_the_answer_to_the_press_before(visit: Visit):
    visit.sends("next")
    visit.sends("start")
    assert visit.pressed() == [["next"]]
    visit.ended()
    assert visit.pressed() == [["next"], ["start"]]


def test_two_presses_that_arrive_together_are_answered_one_after_the_other(visit: Visit):
    visit.sends("next", "start", method="linear")
    visit.ended()
    assert visit.pressed() == [["next"], ["start"]]
    assert visit.choice("method") == "linear"


def test_a_link_or_a_choice_does_not_break_off_the_answer_to_a_press_but_does_that_to_another_choice(visit: Visit):
    visit.sends(method="linear")
    visit.sends(method="finetune")
    assert len(visit.runs) == 2
    visit.ended()
    visit.sends("start")
    visit.sends(method="scratch")
    assert len(visit.runs) == 3
    visit.ended()
    assert len(visit.runs) == 4


def test_nothing_waits_longer_than_it_may_and_each_press_has_its_own_time(visit: Visit):
    running = SimpleNamespace(request_stop=bool, request_rerun=lambda data: visit.runs.append(data) or True)
    visit.sends("next")
    visit.session._scriptrunner = cast(ScriptRunner, running)
    visit.sends("start", "leave")
    visit.loop.wait(presses.PATIENCE - 1)
    assert visit.pressed() == [["next"]]
    visit.loop.wait(1)
    assert visit.pressed() == [["next"], ["start"]]
    visit.loop.wait(presses.PATIENCE - 1)
    assert visit.pressed() == [["next"], ["start"]]
    visit.loop.wait(1)
    assert visit.pressed() == [["next"], ["start"], ["leave"]]


def test_a_link_waits_for_no_tick_once_the_press_before_it_is_answered(visit: Visit):
    visit.sends("start")
    visit.ended()
    visit.sends(tick=True)
    running = SimpleNamespace(request_stop=bool, request_rerun=lambda data: visit.runs.append(data) or True)
    visit.session._scriptrunner = cast(ScriptRunner, running)
    visit.sends(address="run=1")
    assert visit.runs[-1].query_string == "run=1"


def test_once_the_browser_has_drawn_an_answer_it_knows_best(visit: Visit):
    visit.sends("save", name="typed")
    visit.ended("step=3", name="")
    visit.loop.wait(presses.SETTLING)
    visit.sends("save", address="step=2", name="typed")
    assert (visit.choice("name"), visit.runs[-1].query_string) == ("typed", "step=2")


def test_a_press_on_what_the_browser_still_shows_is_answered_with_what_the_answer_before_has_set(visit: Visit):
    visit.sends("next", address="step=2", preprocessing="own")
    visit.sends("start", address="step=2", preprocessing="own")
    visit.ended("step=3", preprocessing="divide255")
    assert visit.runs[-1].query_string == "step=3"
    assert visit.choice("preprocessing") == "divide255"


def test_a_press_with_the_new_address_and_the_widgets_from_before_it_is_answered_likewise(visit: Visit):
    visit.sends("next", address="step=2", preprocessing="own")
    visit.ended("step=3", preprocessing="divide255")
    visit.sends("start", address="step=3", preprocessing="own")
    assert visit.choice("preprocessing") == "divide255"


def test_a_press_while_a_link_to_the_same_page_is_followed_is_answered_as_the_link_says(visit: Visit):
    visit.sends(address="step=3")  # the first request of a tab, which knows no widgets
    visit.ended("step=3", preprocessing="own")
    visit.sends(address="step=3&preprocessing=divide255")  # a link, with which a browser sends few of them
    visit.sends("start", address="step=3", preprocessing="own")
    visit.ended("step=3&preprocessing=divide255", preprocessing="divide255")
    assert visit.runs[-1].query_string == "step=3&preprocessing=divide255"
    assert visit.choice("preprocessing") == "divide255"


def test_a_press_on_a_page_that_was_left_meanwhile_does_not_lead_back_to_it(visit: Visit):
    visit.sends("next")
    visit.sends("start")
    visit.ended(page="maps")
    assert visit.runs[-1].page_script_hash == "maps"


def test_a_choice_of_the_visitor_counts_even_if_it_takes_back_what_a_press_has_set(visit: Visit):
    visit.sends("next", address="step=2", preprocessing="own")
    visit.ended("step=3", preprocessing="divide255")
    visit.sends(address="step=3&preprocessing=own", preprocessing="own")
    visit.ended("step=3&preprocessing=own", preprocessing="own")
    visit.sends("start", address="step=3&preprocessing=own", preprocessing="own")
    assert visit.choice("preprocessing") == "own"


def test_a_text_that_arrives_with_the_press_after_it_counts(visit: Visit):
    visit.sends("next", name="")
    visit.ended(name="from the server")
    visit.sends("save", name="typed")
    assert visit.choice("name") == "typed"


def test_a_tick_passes_unless_a_press_waits(visit: Visit):
    visit.sends("next")
    visit.sends("start")
    visit.sends(tick=True)
    visit.ended()
    assert visit.pressed() == [["next"], ["start"]]
    visit.ended()
    visit.sends(tick=True)
    assert len(visit.runs) == 3
