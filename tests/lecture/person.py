"""Somebody in a class: a browser with its own cookies, and one tab."""

import aiohttp

from tests.load import visitor
from tests.load.visitor import Shown, Visitor


class Person:
    """A lecturer or a learner."""

    def __init__(self, url: str, http: aiohttp.ClientSession):
        self.url, self.http, self.name = url, http, ""
        self._tab = Visitor(url, http)
        self.pages: list[Shown] = []
        self.here = Shown("", 0.0, came=False)  # the page in the tab

    async def follow(self, path: str) -> int:
        """Open a link of the server, without its page; returns the status of the answer."""
        async with self.http.get(self.url + path, allow_redirects=False) as answer:
            return answer.status

    async def join(self, code: str, name: str) -> int:
        """Send the form of the class; returns the status of the answer."""
        status = await visitor.join(self.url, self.http, code, name)
        if status < 400:
            self.name = name
        return status

    async def visit(self, link: str) -> Shown:
        """Open a page in the tab."""
        self.here = await self._tab.open(link)
        self.pages.append(self.here)
        return self.here

    async def press(self, label: str) -> Shown:
        """Press a button of the page."""
        self.here = await self._tab.press(label)
        self.pages.append(self.here)
        return self.here

    async def leave(self) -> None:
        """Close the tab."""
        await self._tab.close()
