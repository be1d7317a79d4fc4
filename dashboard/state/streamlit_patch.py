"""The four patches of Streamlit 1.67: which ticks of timers are answered, how a value expires, what it leaves behind,
whom it asks for this machine's address.

A timer's tick names the page it belongs to. If it arrives after a click on another page, Streamlit takes it as a
request to go back: on a busy server, one click in twenty did nothing. Such a tick is dropped.

All open tabs together get `ANSWERED` ticks a second, each its share: without a limit, 30 tabs that watch a run took
half of a machine's two cores from it. Fragments that only watch (they show a run that waits, or is somebody else's)
share `WATCHED`: a quarter of a core took a third of a run's speed, most likely because TensorFlow waits for whichever
of its threads a tick interrupts. Whoever's run it is sees it move each second, however many watch. Once a run begins
or ends, each of them is answered at its next tick; to notice that, one is answered every `GAP`. A fragment that was
just drawn with its page waits like those that were answered, and where many wait, their timers tick less often. Few
tabs notice nothing.

`st.cache_resource` looks whether it has a value, and then reads it. If the value expires in between,
the page ends in a KeyError: on a busy server, one page in a few hundred. Such a value is computed again.

Each value of a cached function that was ever asked for leaves a lock, also when the value is gone: whoever asks for
many fills the memory (`findings/streamlit_cache_locks.sh`). A lock is kept only while somebody holds it.

Before it refuses a websocket of another site's page, Streamlit asks a server on the internet for this machine's
address. Until that has answered, or for two seconds where nothing does, no visitor is answered: it is not asked.
"""

import functools
import threading
from collections.abc import Callable, Hashable
from math import inf
from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st
from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.caching.cache_errors import CacheKeyNotFoundError
from streamlit.runtime.caching.cache_resource_api import ResourceCache
from streamlit.runtime.caching.cache_utils import Cache
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

ANSWERED = 20  # ticks a second, of all tabs together, but for those that only watch
WATCHED = 6  # ticks a second of these
GAP = 0.5  # seconds without an answer, after which the next tick need not wait for its turn
LOOKS = 5  # ticks of a fragment that watches between two answers, at most every `SLOWEST` seconds
SLOWEST = 3.0  # seconds between its ticks, within which it shows that a run has begun or ended
FORGOTTEN = 2 * SLOWEST + 1  # seconds after its last tick, when even the slowest has missed two, a timer has no share

READING = 1.0  # seconds in which a page reads what it shows of a run

_LAST_REQUEST = "_backbone_lab_last_request"  # the page a visitor last requested, and the page shown at that time
WATCHING = "fragments-that-watch"  # in the state of a tab: their ids, each with the time at which it was drawn


def drop_ticks() -> None:
    """Drop ticks of a page that was left, and those above a tab's share."""
    original = _unpatched(AppSession.request_rerun)

    @functools.wraps(original)
    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is None or not any(drops(session, client_state) for drops in DROPPED):
            original(session, client_state)

    AppSession.request_rerun = request_rerun  # pyright: ignore[reportAttributeAccessIssue]


def compute_expired() -> None:
    """Have `st.cache_resource` compute a value again that expires while it is being read."""
    original = _unpatched(ResourceCache.read_result)

    @functools.wraps(original)
    def read_result(cache: ResourceCache, value_key: str) -> Any:
        try:
            return original(cache, value_key)
        except KeyError as error:
            raise CacheKeyNotFoundError() from error

    ResourceCache.read_result = read_result  # pyright: ignore[reportAttributeAccessIssue]


def forget_locks() -> None:
    """Have each cache forget the lock of a value that nobody computes."""
    original = _unpatched(Cache.compute_value_lock)

    @functools.wraps(original)
    def compute_value_lock(cache: Cache, value_key: str) -> threading.Lock:
        with cache._value_locks_lock:
            if not isinstance(cache._value_locks, _Locks):
                cache._value_locks = _Locks(cache._value_locks)  # pyright: ignore[reportAttributeAccessIssue]
            return cache._value_locks.setdefault(value_key, threading.Lock())

    Cache.compute_value_lock = compute_value_lock  # pyright: ignore[reportAttributeAccessIssue]


def ask_no_one() -> None:
    """Have Streamlit not ask a server on the internet which address this machine has there."""
    net_util.get_external_ip = lambda: None


def note_watching(watches: bool) -> None:
    """Note whether the fragment being drawn only watches a run, and can wait where many do."""
    if WATCHING not in st.session_state:
        forget_watching()
    fragments, fragment = st.session_state[WATCHING], ThreadState.get().fragment_id
    fragments.pop(fragment, None)
    if watches:
        fragments[fragment] = monotonic() - READING  # before what it shows was read


def forget_watching() -> None:
    """Note that no fragment watches: nothing runs."""
    st.session_state[WATCHING] = {}


def interval(seconds: float) -> float:
    """Seconds between the ticks of a fragment that watches, fixed when its page is drawn: more where many do then."""
    return max(seconds, min(_watching.turn(monotonic(), WATCHED) / LOOKS, SLOWEST))


def note_queue(queue: object) -> None:
    """Note which runs wait and which are running: a change is shown at once to all who watch."""
    _watching.renew(queue, monotonic())


def _unpatched(method: Callable) -> Callable:
    """A method of Streamlit, which this module may have patched before it was loaded again."""
    return getattr(method, "__wrapped__", method)


def _is_late_tick(session: AppSession, client_state: ClientState) -> bool:
    page, shown = client_state.page_script_hash, session.page_script_hash
    if not client_state.is_auto_rerun:
        setattr(session, _LAST_REQUEST, (page, shown))
        return False
    requested, shown_then = getattr(session, _LAST_REQUEST, ("", ""))
    switched = page == shown != shown_then  # by `st.switch_page`, which sends no request
    return requested not in ("", page) and not switched


def _is_above_share(session: AppSession, client_state: ClientState) -> bool:
    key = session.id, client_state.page_script_hash, client_state.fragment_id
    state = session.session_state
    drawn = state[WATCHING].get(client_state.fragment_id) if WATCHING in state else None
    if not client_state.is_auto_rerun:
        return False
    if drawn is None:
        return not _others.take(key, monotonic(), ANSWERED)
    return not _watching.take(key, monotonic(), WATCHED, drawn)


DROPPED = (_is_late_tick, _is_above_share)


class _Locks(WeakValueDictionary[str, threading.Lock]):
    """Locks by key, as long as somebody holds them."""

    def __delitem__(self, key: str) -> None:
        self.pop(key, None)  # it may have gone since it was seen


class Shares:
    """When each timer ticked last, and was answered last; ticks are taken by the server's event loop alone."""

    def __init__(self):
        self._ticked: dict[Hashable, float] = {}
        self._answered: dict[Hashable, float] = {}
        self._swept, self._latest = 0.0, -inf
        self._shown: object = None
        self._renewed = -inf

    def renew(self, shown: object, now: float) -> None:
        """Answer the next tick of every timer if what they show has changed."""
        if shown != self._shown:
            self._shown, self._renewed = shown, now

    def turn(self, now: float, rate: float) -> float:
        """Seconds from one turn of a timer to the next, for any thread to ask."""
        return sum(now - at < FORGOTTEN for at in list(self._ticked.values())) / rate

    def take(self, timer: Hashable, now: float, rate: float, drawn: float = -inf) -> bool:
        """Whether a tick is answered: its timer has waited for its turn. `rate` timers a second have one.

        Args:
            drawn: When the timer's fragment was drawn with its page, if that is known.
        """
        self._ticked[timer] = now
        if now - self._swept > 1:
            self._swept = now
            self._ticked = {timer: at for timer, at in self._ticked.items() if now - at < FORGOTTEN}
            self._answered = {timer: at for timer, at in self._answered.items() if timer in self._ticked}
        answered = max(self._answered.get(timer, -inf), drawn)
        waits = answered > self._renewed and now - answered < len(self._ticked) / rate
        if waits and now - self._latest < GAP:
            return False
        self._answered[timer] = self._latest = now
        return True


_watching, _others = Shares(), Shares()
