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
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
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

    def sends(
        self,
        *pressed: str,
        address: str = "",
        page: str = "train",
        fragment: str = "",
        tick: bool = False,
        back: bool = False,
        **choices: str,
    ) -> None:
        """A request with presses of these buttons, and all choices as the browser shows them."""
        state = ClientState(query_string=address, page_script_hash=page, is_auto_rerun=tick, is_history_navigation=back)
        state.fragment_id = fragment
        state.widget_states.widgets.extend(WidgetState(id=name, string_value=choices[name]) for name in choices)
        state.widget_states.widgets.extend(WidgetState(id=name, trigger_value=True) for name in pressed)
        self.session.handle_backmsg(BackMsg(rerun_script=state))

    def ended(self, address: str = "", page: str = "train", **choices: str) -> None:
        """The script has ended, after it has set the address and some choices; Streamlit forgets all others."""
        held = self.session.session_state._new_widget_state
        held.remove_stale_widgets(frozenset(choices), None)
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

    def runner(self, *, takes: bool = False) -> SimpleNamespace:
        """A script that runs until `ended`, and is asked to stop; it may take further requests."""
        requests = ScriptRequests()

        def rerun(data: RerunData) -> bool:
            if takes:
                self.runs.append(data)
            return takes

        return SimpleNamespace(request_stop=requests.request_stop, request_rerun=rerun, _requests=requests)

    def ended_late(self, runner: ScriptRunner | None) -> None:
        """A script has ended that was broken off before."""

        async def end() -> None:
            self.session._handle_scriptrunner_event_on_event_loop(runner, ScriptRunnerEvent.SHUTDOWN)

        event_loop.run(end())

    def pressed(self) -> list[list[str]]:
        """The buttons whose presses each run has answered."""
        widgets = [run.widget_states.widgets if run.widget_states else () for run in self.runs]
        return [[widget.id for widget in each if widget.trigger_value] for each in widgets]

    def choice(self, name: str) -> str:
        """A choice as the last run was given it."""
        return self.choices()[name]

    def choices(self) -> dict[str, str]:
        """The choices that the last run was given."""
        states = self.runs[-1].widget_states
        assert states is not None
        return {widget.id: widget.string_value for widget in states.widgets if not widget.trigger_value}

    def where(self) -> tuple[str, str]:
        """The page and the address of the last run."""
        return self.runs[-1].page_script_hash, self.runs[-1].query_string


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Visit]:
    runs: list[RerunData] = []
    loop = Loop()

    def create(session: AppSession, data: RerunData) -> None:
        runs.append(data)
        session._scriptrunner = cast(ScriptRunner, visit.runner())

    monkeypatch.setattr(presses, "monotonic", lambda: loop.time)

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
    visit.ended()
    assert len(visit.runs) == 2
    visit.ended()
    visit.sends("start")
    visit.sends(method="scratch")
    assert len(visit.runs) == 3
    visit.ended()
    assert len(visit.runs) == 4


def test_nothing_waits_longer_than_it_may_and_each_press_has_its_own_time(visit: Visit):
    visit.sends("next")
    visit.session._scriptrunner = cast(ScriptRunner, visit.runner(takes=True))
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
    visit.sends(address="run=1")
    visit.ended()
    assert visit.runs[-1].query_string == "run=1"


def test_streamlit_itself_still_begins_a_script_before_the_one_that_it_breaks_off_has_stopped(visit: Visit):
    """Once it does not, nothing needs to wait for that."""
    for page in ("train", "maps"):
        presses._request(visit.session, ClientState(page_script_hash=page))
    assert len(visit.runs) == 2


def test_no_script_begins_before_the_one_that_it_breaks_off_has_stopped(visit: Visit):
    visit.sends(method="linear")
    visit.sends(method="knn")
    visit.sends(page="maps")
    assert len(visit.runs) == 1
    visit.ended()
    visit.ended()
    assert [run.page_script_hash for run in visit.runs] == ["train", "train", "maps"]


def test_a_link_waits_a_second_for_a_script_that_does_not_stop(visit: Visit):
    visit.sends(method="linear")
    slow = visit.session._scriptrunner
    visit.sends(page="maps")
    visit.loop.wait(presses.STOPPING)
    assert visit.runs[-1].page_script_hash == "maps"
    visit.ended_late(slow)
    visit.ended(page="maps")
    visit.sends("draw", page="maps")
    assert visit.pressed()[-1] == ["draw"]


def test_a_choice_in_a_fragment_breaks_off_nothing(visit: Visit, monkeypatch):
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: True)
    visit.sends(method="linear")
    runner = visit.session._scriptrunner = cast(ScriptRunner, visit.runner(takes=True))
    visit.sends(method="knn", fragment="settings")
    assert [run.fragment_id for run in visit.runs] == [None, "settings"]
    assert runner._requests._state != ScriptRequestType.STOP


def test_nothing_begins_between_the_end_of_a_script_and_the_news_of_it(visit: Visit, monkeypatch):
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: True)
    visit.sends(tick=True)
    assert visit.session._scriptrunner is not None
    visit.session._scriptrunner._requests.request_stop()  # as it ends
    visit.sends(tick=True)
    visit.sends(method="knn", fragment="settings")
    assert len(visit.runs) == 1
    visit.ended("n=1")
    assert [run.fragment_id for run in visit.runs] == [None, "settings"]


def test_of_a_page_that_was_broken_off_nothing_vanishes_and_its_address_is_kept(visit: Visit, monkeypatch):
    events = []
    monkeypatch.setattr(presses, "_event", lambda session, sender, event, *args, **details: events.append(event))
    presses.answer_all()
    visit.sends(method="linear")
    visit.sends(method="knn")

    async def stop() -> None:
        ends = ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS
        visit.session._handle_scriptrunner_event_on_event_loop(visit.session._scriptrunner, ends)

    event_loop.run(stop())
    assert events == [ScriptRunnerEvent.SCRIPT_STOPPED_FOR_RERUN]


def test_once_the_browser_has_drawn_an_answer_it_knows_best(visit: Visit):
    visit.sends("save", name="typed")
    visit.ended("step=3", name="")
    visit.loop.wait(presses.DRAWING)
    visit.sends("save", address="step=2", name="typed")
    assert (visit.choice("name"), visit.runs[-1].query_string) == ("typed", "step=2")


def test_a_press_on_what_the_browser_still_shows_is_answered_with_what_the_answer_before_has_set(visit: Visit):
    visit.sends("next", address="step=2", preprocessing="own")
    visit.sends("start", address="step=2", preprocessing="own")
    visit.ended("step=3", preprocessing="divide255")
    assert visit.runs[-1].query_string == "step=3"
    assert visit.choice("preprocessing") == "divide255"


def test_a_busy_browser_has_seconds_to_draw_an_answer(visit: Visit):
    visit.sends("next", address="step=2", preprocessing="own")
    visit.ended("step=3", preprocessing="divide255")
    visit.loop.wait(3)
    visit.sends("start", address="step=3", preprocessing="own")
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
    visit.sends()
    visit.ended()
    visit.sends("next")
    visit.sends("start")
    visit.ended(page="maps")
    assert visit.runs[-1].page_script_hash == "maps"
    visit.ended(page="maps")
    visit.loop.wait(presses.DRAWING)
    visit.sends("start")  # a very slow browser
    assert visit.runs[-1].page_script_hash == "maps"


def test_a_choice_on_a_page_that_was_left_meanwhile_does_not_lead_back_and_counts_where_both_pages_have_it(
    visit: Visit,
):
    visit.sends(address="n=1", projector="off", method="linear")
    visit.ended("n=1", projector="off", method="linear")
    visit.sends(address="of=run", page="maps", projector="off")
    visit.sends(address="of=run", projector="on", method="knn")
    assert len(visit.runs) == 2  # until the address of the page is known
    visit.ended("of=run&color=label", page="maps", projector="off")
    assert visit.where() == ("maps", "of=run&color=label")
    assert visit.choices() == {"projector": "on"}
    visit.ended("of=run&color=label", page="maps", projector="on")
    visit.loop.wait(2 * presses.DRAWING)
    visit.sends(address="of=run", projector="on", method="scratch")  # a very slow browser
    assert visit.where() == ("maps", "of=run&color=label")


def test_a_choice_on_a_page_from_which_a_press_led_away_does_not_lead_back_to_it(visit: Visit):
    visit.sends(method="linear")
    visit.ended(method="linear")
    visit.sends("open", method="linear")
    visit.sends(method="knn")
    visit.ended("run=1", page="run")
    assert visit.where() == ("run", "run=1")


def test_a_choice_leads_back_rather_than_wait_for_a_page_that_takes_long(visit: Visit):
    visit.sends(method="linear")
    visit.ended(method="linear")
    visit.sends(page="maps")
    visit.sends(method="knn")
    visit.loop.wait(presses.PATIENCE)
    assert visit.runs[-1].page_script_hash == "train"


def test_a_link_back_leads_back_at_once(visit: Visit):
    visit.sends(projector="off", method="linear")
    visit.ended(projector="off", method="linear")
    visit.sends(page="maps", projector="off")
    visit.sends(page="train", projector="off")
    visit.ended(page="maps", projector="off")
    assert visit.runs[-1].page_script_hash == "train"
    visit.ended(projector="off", method="linear")
    visit.sends(page="maps", projector="off")
    visit.ended(page="maps", projector="off", help="off")
    visit.sends(page="train", projector="off", help="off")  # a widget which that page has not
    assert visit.runs[-1].page_script_hash == "train"


def test_a_link_back_with_what_the_server_has_set_leads_back(visit: Visit):
    visit.sends(projector="off")
    visit.ended(projector="off")
    visit.sends(page="maps", projector="off")
    visit.ended(page="maps", projector="on")
    visit.sends(page="train", projector="on")
    assert visit.runs[-1].page_script_hash == "train"


def test_back_leads_back_whatever_its_widgets(visit: Visit):
    visit.sends(method="linear")
    visit.ended(method="linear")
    visit.sends(page="maps")
    visit.sends(page="train", back=True, method="knn")
    visit.ended(page="maps")
    assert visit.runs[-1].page_script_hash == "train"


def test_a_choice_on_the_page_to_which_a_link_led_back_counts_there(visit: Visit):
    visit.sends(method="linear")
    visit.ended(method="linear")
    visit.sends(page="maps")
    visit.ended(page="maps")
    visit.sends(page="train")
    visit.sends(page="train", method="knn")
    visit.ended(method="linear")
    assert visit.runs[-1].page_script_hash == "train"
    assert visit.choices() == {"method": "knn"}


def test_a_link_from_a_page_with_a_value_that_cannot_be_read_leads_on(visit: Visit):
    visit.sends()
    visit.ended()
    held = visit.session.session_state._new_widget_state
    held.set_widget_metadata(WidgetMetadata("number", int, str, "int_value"))
    held.set_widget_from_proto(WidgetState(id="number", string_value="many"))
    visit.sends(page="maps")
    assert visit.runs[-1].page_script_hash == "maps"


@pytest.mark.parametrize("kept", [False, True])
def test_a_press_in_a_fragment_of_a_page_that_was_left_counts(visit: Visit, monkeypatch, kept: bool):
    visit.sends()
    visit.ended()
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: fragment == "progress")
    visit.sends(address="of=run", page="maps")
    visit.sends("stop", fragment="progress")
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: kept and fragment == "progress")
    visit.ended("of=run&color=label", page="maps")
    assert visit.pressed()[-1] == ["stop"]
    assert visit.where() == ("maps", "of=run&color=label")
    assert visit.runs[-1].fragment_id is None


def test_a_press_in_a_fragment_that_its_page_no_longer_has_counts_with_what_the_page_has_set(visit: Visit):
    visit.sends(address="", pause="off")
    visit.ended("run=1", pause="on")
    visit.loop.wait(2 * presses.DRAWING)
    visit.sends("stop", address="", fragment="progress", pause="off")
    assert visit.pressed()[-1] == ["stop"]
    assert visit.where() == ("train", "run=1")
    assert visit.choice("pause") == "on"


def test_a_press_in_a_fragment_is_answered_by_that_alone(visit: Visit, monkeypatch):
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: fragment == "progress")
    visit.sends("next")
    visit.ended()
    visit.sends("stop", fragment="progress")
    assert visit.runs[-1].fragment_id == "progress"


def test_a_choice_or_a_press_sent_in_the_name_of_a_fragment_that_it_is_not_in_is_answered_by_the_page(
    visit: Visit, monkeypatch
):
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: True)
    visit.sends(live="on")
    visit.ended(live="on")
    visit.sends("photo", fragment="camera", live="on")
    visit.ended(live="on")
    visit.sends("photo", fragment="camera", live="off")
    visit.ended(live="off")
    for button, fragment in {"photo": "camera", "another": None}.items():
        metadata = WidgetMetadata(button, str, str, "trigger_value", fragment_id=fragment)
        visit.session.session_state._new_widget_state.set_widget_metadata(metadata)
    visit.sends("photo", "another", fragment="camera", live="off")
    visit.ended(live="off")
    assert [run.fragment_id for run in visit.runs] == [None, "camera", None, "camera", None]
    assert visit.pressed()[1:] == [["photo"], ["photo"], ["photo"], ["another"]]


def test_what_the_server_has_set_outside_of_a_fragment_is_no_choice(visit: Visit, monkeypatch):
    monkeypatch.setattr(visit.session, "has_fragment", lambda fragment: True)
    visit.sends(pause="off")
    visit.ended(pause="on")
    visit.sends("stop", fragment="progress", pause="off")  # not drawn yet
    visit.ended(pause="on")
    visit.sends("stop", fragment="progress", pause="on")
    assert [run.fragment_id for run in visit.runs] == [None, "progress", "progress"]


def test_a_fragment_that_a_page_has_not_drawn_again_is_gone_whatever_ended_that(visit: Visit):
    fragments = visit.session._fragment_storage

    async def end() -> None:  # also by `st.stop`
        success = ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS
        visit.session._handle_scriptrunner_event_on_event_loop(visit.session._scriptrunner, success)

    for drawn in (["camera", "wait"], ["wait"]):
        visit.sends()
        for fragment in drawn:
            fragments.register(fragment, lambda: None)
        event_loop.run(end())
        visit.ended()
        assert [name for name in ("camera", "wait") if visit.session.has_fragment(name)] == drawn


def test_what_a_fragment_that_is_gone_sends_without_a_press_is_dropped_and_holds_up_nothing(visit: Visit):
    visit.sends("start")
    visit.ended("run=1")
    visit.sends(method="knn", fragment="progress")
    assert len(visit.runs) == 1
    visit.sends(tick=True)
    assert len(visit.runs) == 2


def test_a_request_that_nothing_answers_holds_up_none_after_it(visit: Visit, monkeypatch):
    with monkeypatch.context() as dropped:
        dropped.setattr(visit.session, "request_rerun", lambda state: None)
        visit.sends("start")
    visit.sends(tick=True)
    visit.sends(address="run=1")
    visit.ended()
    assert [run.query_string for run in visit.runs] == ["", "run=1"]


def test_a_choice_does_not_break_off_the_answer_to_a_press_that_broke_off_another(visit: Visit):
    visit.sends(method="linear")
    slow = visit.session._scriptrunner
    visit.sends("start", method="linear")
    visit.loop.wait(presses.PATIENCE)
    visit.ended_late(slow)
    visit.sends(method="knn")
    assert visit.pressed() == [[], ["start"]]


def test_a_large_selection_that_a_browser_sends_is_not_copied_for_each_press(visit: Visit):
    visit.sends(dots="[1, 2]")
    visit.ended()
    written = []
    held = visit.session.session_state._new_widget_state
    held.set_widget_metadata(WidgetMetadata("dots", str, lambda value: written.append(value) or value, "string_value"))
    held.set_from_value("dots", "[1, 2]")
    visit.loop.wait(presses.DRAWING)
    visit.sends("save", dots="[1, 2]")
    assert (visit.choice("dots"), written) == ("[1, 2]", [])


def test_a_choice_made_again_once_it_is_asked_for_again_counts(visit: Visit):
    visit.sends("answer", option="first")
    visit.ended()
    visit.sends("ask again")  # its form is gone
    visit.ended(option="")
    visit.sends("answer", option="first")
    assert visit.choice("option") == "first"


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


def test_a_tick_passes_unless_a_request_waits_or_is_being_answered(visit: Visit):
    visit.sends("next")
    visit.sends("start")
    visit.sends(tick=True)
    visit.ended()
    assert visit.pressed() == [["next"], ["start"]]
    visit.sends(tick=True)
    visit.ended()
    visit.sends(tick=True)
    assert len(visit.runs) == 3


def test_a_tick_changes_neither_the_address_nor_a_widget(visit: Visit):
    visit.sends(address="", method="linear")
    visit.ended("method=knn", method="knn")
    visit.loop.wait(2 * presses.DRAWING)
    visit.sends(address="", tick=True, method="linear")  # a very slow browser
    assert (visit.where(), visit.choices()) == (("train", "method=knn"), {})
