"""A visitor's browser, without a screen: Streamlit's protocol over a websocket, with the page's polls and pictures.

Written after Streamlit 1.67's own frontend (`App.tsx`). A page has come when its script has finished.
"""

import asyncio
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import yarl
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 60  # seconds that a visitor waits for a page
FETCHED = re.compile(rb"/(?:media|lab/maps|lab/parcels)/[\w.]+")  # pictures, positions of maps and their columns
FINISHED = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY


@dataclass
class Shown:
    """A page that a visitor opened."""

    name: str
    seconds: float  # from the click until its script had finished; until patience ended, if it did not come
    came: bool
    headings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # exceptions and error boxes on it
    buttons: dict[str, str] = field(default_factory=dict)  # label -> id
    text: str = ""  # all captions and paragraphs


async def join(url: str, http: aiohttp.ClientSession, code: str, name: str) -> int:
    """Send the form of the class; returns the status of the answer, 400 or more if it refused."""
    form, origin = {"code": code, "name": name}, {"origin": url}
    async with http.post(f"{url}/lab/join", data=form, headers=origin, allow_redirects=False) as answer:
        return answer.status


class Visitor:
    """One open tab. `open` follows a link of the navigation; polls go on until `close`."""

    def __init__(self, url: str, http: aiohttp.ClientSession):
        self._url, self._http = url, http
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._shown = Shown("", 0.0, came=False)
        self._finished = asyncio.Event()
        self._hashes: dict[str, str] = {}  # page name -> script hash
        self._page = self._query = ""
        self._expected = ""  # the hash of the page that was asked for
        self._cached: set[str] = set()
        self._fetched: set[bytes] = set()
        self._timers: dict[str, asyncio.Task] = {}
        self._tasks: set[asyncio.Task] = set()
        self.polls = 0
        self.lost = ""  # why the connection ended, if it did

    async def open(self, link: str) -> Shown:
        """Open a page, such as `run?view=Training`, and wait until it is drawn."""
        name, _, query = link.partition("?")
        shown = self._shown = Shown(name, 0.0, came=False)
        self._finished.clear()
        started = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                if self._socket is None:
                    await self._connect()
                self._expected = self._hashes.get(name, "")
                self._query = query
                await self._send(page_script_hash=self._expected, page_name="" if self._expected else name)
                await self._finished.wait()
            shown.came = not self.lost
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if not isinstance(error, TimeoutError):
                shown.errors.append(f"{type(error).__name__}: {error}")
        shown.seconds = time.monotonic() - started
        if self.lost:
            shown.errors.append(self.lost)
        return shown

    async def press(self, label: str) -> Shown:
        """Press a button of the page, and wait until the page is drawn again."""
        shown = Shown(self._shown.name, 0.0, came=False)
        pressed, self._shown = self._shown.buttons[label], shown
        self._finished.clear()
        started = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._send(page_script_hash=self._page, pressed=pressed)
                await self._finished.wait()
                shown.came = not self.lost
        shown.seconds = time.monotonic() - started
        return shown

    @property
    def query(self) -> str:
        """What stands behind the question mark in the address."""
        return self._query

    async def close(self) -> None:
        """Close the tab."""
        for task in [*self._timers.values(), *self._tasks]:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def _connect(self) -> None:
        await (await self._http.get(f"{self._url}/_stcore/health")).read()  # sets the cookie against forged requests
        cookie = self._http.cookie_jar.filter_cookies(yarl.URL(self._url)).get("_streamlit_xsrf")
        self._socket = await self._http.ws_connect(
            f"{self._url}/_stcore/stream",
            protocols=("streamlit", cookie.value if cookie else "none"),
            origin=self._url,
            max_msg_size=0,
        )
        self._start(self._listen(self._socket))

    async def _send(self, *, fragment: str = "", pressed: str = "", **state) -> None:
        message = BackMsg()
        message.rerun_script.query_string = self._query
        for name, value in state.items():
            setattr(message.rerun_script, name, value)
        if fragment:
            message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = fragment, True
        if pressed:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = pressed, True
        message.rerun_script.cached_message_hashes.extend(self._cached)
        message.rerun_script.context_info.timezone = "UTC"
        message.rerun_script.context_info.locale = "en"
        message.rerun_script.context_info.url = f"{self._url}/{self._shown.name}"
        if self._socket is not None:
            await self._socket.send_bytes(message.SerializeToString())

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for received in socket:
            if received.type is not aiohttp.WSMsgType.BINARY:
                break
            message = ForwardMsg.FromString(received.data)
            if message.metadata.cacheable and message.hash:
                self._cached.add(message.hash)
            getattr(self, f"_on_{message.WhichOneof('type')}", lambda _message: None)(message)
            self._fetch(set(FETCHED.findall(received.data)) - self._fetched)
        self.lost = f"The connection ended: {socket.close_code}"
        self._finished.set()

    def _on_new_session(self, message: ForwardMsg) -> None:
        if not message.metadata.run.fragment_ids:
            self._page = message.new_session.page_script_hash
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()

    def _on_navigation(self, message: ForwardMsg) -> None:
        self._hashes |= {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        self._page = message.navigation.page_script_hash or self._page

    def _on_page_info_changed(self, message: ForwardMsg) -> None:
        self._query = message.page_info_changed.query_string

    def _on_script_finished(self, message: ForwardMsg) -> None:
        if message.script_finished == FINISHED and self._expected in ("", self._page):
            self._finished.set()

    def _on_auto_rerun(self, message: ForwardMsg) -> None:
        fragment, interval = message.auto_rerun.fragment_id, message.auto_rerun.interval
        if fragment not in self._timers:
            self._timers[fragment] = asyncio.create_task(self._poll(fragment, interval))

    def _on_stop_auto_rerun(self, message: ForwardMsg) -> None:
        for fragment in message.stop_auto_rerun.fragment_ids:
            if timer := self._timers.pop(fragment, None):
                timer.cancel()

    def _on_delta(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "heading":
            self._shown.headings.append(element.heading.body)
        elif kind == "markdown":
            self._shown.text += element.markdown.body + "\n"
        elif kind == "button":
            self._shown.buttons[element.button.label] = element.button.id
        elif kind == "exception":
            self._shown.errors.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self._shown.errors.append(element.alert.body)

    async def _poll(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self.polls += 1
            with suppress(OSError, aiohttp.ClientError):
                await self._send(fragment=fragment, page_script_hash=self._page)

    def _fetch(self, paths: set[bytes]) -> None:
        self._fetched |= paths
        for path in paths:
            self._start(self._get(path.decode()))

    async def _get(self, path: str) -> None:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._http.get(self._url + path) as answer:
                await answer.read()

    def _start(self, work) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
