"""Somebody at the page, without a browser."""

from __future__ import annotations

import re

from aiohttp import ClientSession, CookieJar


class Visitor:
    """A session that is signed in; it outlives the bot, whose next address goes into `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self._csrf = ""

    async def sign_in(self, link: str) -> Visitor:
        async with self._session.post(link, headers={"Origin": self.url}) as response:
            found = re.search(r'csrf"[^>]*(?:content|value)="([^"]+)"', await response.text())
        assert found is not None
        self._csrf = found[1]
        return self

    async def post(self, path: str, **fields: str) -> dict[str, str]:
        """What the page is answered. Raises `ClientError` where there is no answer, or one that is an error."""
        async with self._session.post(
            f"{self.url}{path}",
            data={"csrf": self._csrf, **fields},
            headers={"Origin": self.url},
            raise_for_status=True,
        ) as response:
            answer: dict[str, str] = await response.json()
        return answer

    async def page(self) -> str:
        """What the page shows now. Raises `ClientError`."""
        async with self._session.get(f"{self.url}/", raise_for_status=True) as response:
            return await response.text()

    async def close(self) -> None:
        await self._session.close()
