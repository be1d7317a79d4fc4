"""A tick of a page that was left brings nobody back to it: a session of Streamlit itself, in which no page runs.

And a value that expires is computed again, even while it is being read, and one that is gone leaves no lock.
"""

import contextvars
import inspect
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import streamlit as st
from streamlit import config, net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.caching import cache_utils
from streamlit.runtime.caching.cache_resource_api import ResourceCache
from streamlit.runtime.caching.cache_utils import Cache
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState
from streamlit.web.server import server_util

from dashboard.state import streamlit_patch
from tests import event_loop

RATE = 20  # ticks a second


class Visit:
    """What the browser of a visitor sends, and the pages that Streamlit draws for it."""

    def __init__(self, session: AppSession, drawn: list[str]):
        self.session, self.drawn = session, drawn

    def use(self, page: str) -> None:
        """A click on a page or on the link to it."""
        self._send(ClientState(page_script_hash=page))

    def tick(self, page: str, address: str = "", fragment: str = "") -> None:
        """The timer of a fragment of a page, which sends the address that the browser shows."""
        self._send(ClientState(page_script_hash=page, query_string=address, fragment_id=fragment, is_auto_rerun=True))

    def runs(self) -> None:
        """The script of the page has begun, and takes no further requests."""
        runner = SimpleNamespace(request_stop=bool, request_rerun=bool, _requests=ScriptRequests())
        self.session._scriptrunner = cast(ScriptRunner, runner)

    def ended(self, address: str = "") -> None:
        """The script has ended, after it has set the address."""
        self.session._scriptrunner = None
        self.session._client_state.query_string = address

    def shows(self, page: str) -> None:
        """The script has got as far as to say which page it is, by `st.switch_page` another than was asked for."""
        self.session._client_state.page_script_hash = page

    def _send(self, state: ClientState) -> None:
        self.session.handle_backmsg(BackMsg(rerun_script=state))


@pytest.fixture
def unpatched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Visit]:
    """A visit as Streamlit itself handles it."""
    drawn: list[str] = []
    request_rerun = AppSession.request_rerun
    monkeypatch.setattr(AppSession, "request_rerun", getattr(request_rerun, "__wrapped__", request_rerun))
    monkeypatch.setattr(AppSession, "_create_scriptrunner", lambda session, data: drawn.append(data.page_script_hash))
    watcher = config.get_option("server.fileWatcherType")
    config.set_option("server.fileWatcherType", "none")

    async def session() -> AppSession:
        script = ScriptData(str(tmp_path / "app.py"), is_hello=False)
        return AppSession(script, MemoryUploadedFileManager("/files"), ScriptCache(), None, {})

    visit = Visit(event_loop.run(session()), drawn)
    yield visit
    visit.session.shutdown()
    config.set_option("server.fileWatcherType", watcher)


@pytest.fixture
def visit(unpatched: Visit) -> Visit:
    """The same with the patch."""
    streamlit_patch.drop_ticks()
    return unpatched


def test_streamlit_itself_still_goes_back_to_a_page_that_was_left(unpatched: Visit):
    """Once it does not, the patch can go."""
    unpatched.use("train")
    unpatched.use("compare")
    unpatched.tick("train")
    assert unpatched.drawn == ["train", "compare", "train"]


def test_a_tick_of_the_page_that_was_left_is_dropped_and_one_of_the_present_page_passes(visit: Visit):
    visit.use("train")
    visit.tick("train")
    visit.use("compare")
    visit.tick("train")
    visit.tick("compare")
    assert visit.drawn == ["train", "train", "compare", "compare"]


def test_ticks_of_a_page_that_its_visitor_was_led_to_pass(visit: Visit):
    visit.shows("data")
    visit.use("data")  # a button, whose script switches the page
    visit.shows("train")
    visit.tick("train")
    visit.use("compare")
    visit.tick("train")
    assert visit.drawn == ["data", "train", "compare"]


def test_a_timer_is_answered_while_that_of_another_fragment_is(visit: Visit, monkeypatch):
    monkeypatch.setattr(streamlit_patch, "ANSWERED", 1e9)
    visit.use("predict")
    visit.ended()
    visit.tick("predict")
    visit.runs()
    visit.tick("predict")
    assert visit.drawn == ["predict"] * 3


def test_ticks_pass_while_the_page_has_no_name_yet(visit: Visit):
    visit.use("")
    visit.tick("home")
    assert visit.drawn == ["", "home"]


def test_a_patch_that_is_loaded_again_wraps_nothing_twice(visit: Visit):
    streamlit_patch.drop_ticks()
    assert not hasattr(AppSession.request_rerun.__wrapped__, "__wrapped__")
    visit.use("train")
    assert visit.drawn == ["train"]


def answered(timers: int, seconds: float, *, every: float = 0.6) -> list[int]:
    """How often each of several timers, spread evenly, is answered."""
    shares, counts = streamlit_patch.Shares(), [0] * timers
    ticks = sorted(
        (tick * every + timer * every / timers, timer)
        for timer in range(timers)
        for tick in range(int(seconds / every))
    )
    for now, timer in ticks:
        counts[timer] += shares.take(timer, now, RATE)
    return counts


def test_every_tick_of_few_tabs_is_answered():
    assert answered(timers=6, seconds=60) == [100] * 6


def test_many_tabs_together_get_no_more_than_one_server_gives_and_each_its_share():
    counts = answered(timers=100, seconds=60)
    assert sum(counts) <= 1.1 * 60 * RATE
    assert min(counts) >= 0.8 * 60 * RATE / 100


def test_a_tab_that_was_closed_leaves_its_share_to_the_others():
    shares, later = streamlit_patch.Shares(), 2 * streamlit_patch.FORGOTTEN
    for timer in range(200):
        assert shares.take(timer, 0.0, RATE)
    assert not shares.take(0, streamlit_patch.GAP / 2, RATE)
    assert shares.take(0, later, RATE)
    assert shares.take(0, later + 2 / RATE, RATE)


def test_a_second_tick_at_once_is_dropped_and_a_click_never(visit: Visit):
    visit.use("train")
    visit.tick("train")
    visit.tick("train")
    visit.use("train")
    assert visit.drawn == ["train", "train", "train"]


def test_all_are_answered_at_their_next_tick_once_what_they_show_has_changed():
    shares = streamlit_patch.Shares()
    shares.renew("running", 0.0)
    assert [shares.take(timer, 0.1, RATE) for timer in range(200)] == [True] * 200
    shares.renew("running", 0.2)
    assert not shares.take(0, 0.3, RATE)
    shares.renew("ended", 0.4)
    assert [shares.take(timer, 0.5, RATE) for timer in (*range(200), 0)] == [True] * 200 + [False]


def test_one_of_many_is_answered_soon_even_if_all_were_at_once():
    shares = streamlit_patch.Shares()
    for timer in range(200):
        shares.take(timer, 0.0, RATE)
    assert [shares.take(timer, streamlit_patch.GAP, RATE) for timer in (7, 8)] == [True, False]


def test_a_fragment_that_watches_a_run_waits_for_many_others_until_a_run_begins_or_ends(visit: Visit, monkeypatch):
    monkeypatch.setattr(streamlit_patch, "ANSWERED", 1e9)
    monkeypatch.setattr(streamlit_patch, "WATCHED", 1e-9)
    monkeypatch.setattr(st, "session_state", visit.session.session_state)
    monkeypatch.setattr(visit.session._fragment_storage, "contains", lambda fragment: True)

    monkeypatch.setattr(streamlit_patch, "GAP", 1e9)

    def draw(*, watches: bool) -> None:
        ThreadState.initialize(fragment_id="progress")
        streamlit_patch.note_watching(watches)

    contextvars.copy_context().run(draw, watches=True)
    visit.use("train")
    streamlit_patch.note_queue(object())  # since it was drawn
    visit.tick("train", fragment="progress")
    visit.tick("train", fragment="progress")
    assert visit.drawn == ["train"] * 2
    visit.tick("train", fragment="answer")
    visit.tick("train", fragment="answer")
    assert visit.drawn == ["train"] * 4
    streamlit_patch.note_queue(object())
    visit.tick("train", fragment="progress")
    visit.tick("train", fragment="progress")
    assert visit.drawn == ["train"] * 5
    contextvars.copy_context().run(draw, watches=False)
    visit.tick("train", fragment="progress")
    visit.tick("train", fragment="progress")
    assert visit.drawn == ["train"] * 7


def test_a_fragment_that_was_drawn_with_its_page_waits_like_those_that_were_answered():
    shares = streamlit_patch.Shares()
    for timer in range(200):
        shares.take(timer, 0.0, RATE)
    assert not shares.take("new", 0.1, RATE, drawn=0.05)
    assert shares.take("new", 0.05 + 201 / RATE, RATE, drawn=0.05)
    shares.renew("running", 11.0)
    assert shares.take("newer", 11.2, RATE, drawn=10.9), "it shows what has changed since"


def test_a_page_of_few_tabs_is_answered_at_the_first_tick_after_it_was_drawn():
    shares = streamlit_patch.Shares()
    assert [shares.take(timer, 0.6, streamlit_patch.WATCHED, drawn=0.0) for timer in range(3)] == [True] * 3


@pytest.mark.parametrize(("tabs", "seconds"), [(1, 0.6), (5, 0.6), (30, 2.0), (100, 3.0)])
def test_a_timer_that_watches_ticks_less_often_where_many_do(tabs: int, seconds: float, monkeypatch):
    shares = streamlit_patch.Shares()
    monkeypatch.setattr(streamlit_patch, "_watching", shares)
    monkeypatch.setattr(streamlit_patch, "monotonic", lambda: now)
    now = 0.0
    for timer in range(2 * tabs):
        shares.take(timer, 0.0, streamlit_patch.WATCHED)
    assert streamlit_patch.interval(0.6) == pytest.approx(seconds, abs=0.1)
    now = 2 * streamlit_patch.SLOWEST  # the slowest timers count even if one of their ticks is lost
    assert streamlit_patch.interval(0.6) == pytest.approx(seconds, abs=0.1)
    now = streamlit_patch.FORGOTTEN  # all have left
    assert streamlit_patch.interval(0.6) == 0.6


@pytest.fixture
def expiring(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often it was computed: a value that expires between the two looks that Streamlit itself takes at it."""
    monkeypatch.setattr(ResourceCache, "read_result", inspect.unwrap(ResourceCache.read_result))
    monkeypatch.setattr(cache_utils, "TTLCACHE_TIMER", itertools.count(0.0, 0.6).__next__)
    times = itertools.count(1)

    @st.cache_resource(ttl=1.0, show_spinner=False)
    def value() -> int:
        return next(times)

    return value


def test_streamlit_itself_still_raises_a_key_error_for_a_value_that_expires_while_it_is_read(expiring):
    """Once it does not, the patch can go."""
    assert expiring() == 1
    with pytest.raises(KeyError):
        expiring()


def test_a_value_that_expires_while_it_is_read_is_computed_again(expiring):
    streamlit_patch.compute_expired()
    assert [expiring(), expiring()] == [1, 2]


ASKED = 100  # values, of which a cache keeps one


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., object]], int]:
    """How many locks are left after a cached function was asked for many values."""
    monkeypatch.setattr(Cache, "compute_value_lock", inspect.unwrap(Cache.compute_value_lock))
    st.cache_data.clear()
    st.cache_resource.clear()
    caches: list[Cache] = []
    begin = Cache.__init__

    def noted(cache: Cache) -> None:
        begin(cache)
        caches.append(cache)

    monkeypatch.setattr(Cache, "__init__", noted)

    def left(cached: Callable[..., object]) -> int:
        assert [cached(number) for number in range(ASKED)] == list(range(ASKED))
        (cache,) = caches
        return len(cache._value_locks)

    return left


@pytest.fixture(params=[st.cache_data, st.cache_resource], ids=["data", "resource"])
def identity(request: pytest.FixtureRequest) -> Callable[[int], int]:
    @request.param(max_entries=1, show_spinner=False)
    def value(number: int) -> int:
        return number

    return value


def test_streamlit_itself_still_keeps_a_lock_of_each_value_it_was_asked_for(locks, identity):
    """Once it does not, the patch can go."""
    assert locks(identity) == ASKED


def test_a_value_that_is_gone_leaves_no_lock(locks, identity):
    streamlit_patch.forget_locks()
    assert locks(identity) == 0
    identity.clear(ASKED - 1)  # of one value, whose lock has gone
    assert identity(ASKED - 1) == ASKED - 1


def test_those_who_want_a_value_at_once_wait_for_one_computation_of_it(locks):
    streamlit_patch.forget_locks()
    begun, together = itertools.count(), threading.Barrier(4)

    @st.cache_resource(show_spinner=False)
    def value(number: int) -> int:
        time.sleep(0.1)
        return next(begun)

    def ask() -> int:
        together.wait()
        return value(0)

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask) for _ in range(4)]
        assert [each.result() for each in asked] == [0] * 4


def test_a_page_of_another_site_is_refused_without_asking_anybody_else(monkeypatch):
    asked = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, **_: asked.append(url))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # restored afterwards
    streamlit_patch.ask_no_one()
    assert not server_util.is_url_from_allowed_origins("https://other.example")
    assert server_util.is_url_from_allowed_origins("http://localhost:8501")
    assert not asked
