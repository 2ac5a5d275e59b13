"""Somebody in Firefox: a browser of their own (cookies, storage, workers), with tabs in it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from tests.browser.bidi import PATIENCE, CommandError, Firefox

KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}


@contextlib.asynccontextmanager
async def person(firefox: Firefox, url: str, script: str = "") -> AsyncIterator[Person]:
    """Somebody at `url`. script: runs in every page before its own."""
    made = await firefox.command("browser.createUserContext")
    person = Person(firefox, made["userContext"], url)
    await firefox.command(
        "script.addPreloadScript",
        functionDeclaration=f"() => {{ {script} }}",
        userContexts=[person.context],
    )
    yield person
    await firefox.command("browser.removeUserContext", userContext=person.context)


class Person:
    """A browser of somebody's own, at one site."""

    def __init__(self, firefox: Firefox, context: str, url: str) -> None:
        self.firefox, self.context, self.url = firefox, context, url

    async def sign_in(self, name: str, token: str) -> None:
        """By a cookie, without the form."""
        await self.firefox.command(
            "storage.setCookie",
            cookie={
                "name": name,
                "value": {"type": "string", "value": token},
                "domain": "127.0.0.1",
            },
            partition={"type": "storageKey", "userContext": self.context},
        )

    async def open(self, path: str) -> Tab:
        """In a new tab, before the others."""
        made = await self.firefox.command(
            "browsingContext.create", type="tab", userContext=self.context
        )
        tab = Tab(self, made["context"])
        await tab.goto(path)
        return tab


class Tab:
    """What a person sees and does in one tab. Elements are named by CSS selectors."""

    def __init__(self, person: Person, context: str) -> None:
        self.person, self.context = person, context

    async def goto(self, path: str) -> None:
        url = f"{self.person.url}{path}"
        await self._do("browsingContext.navigate", url=url, wait="complete")

    async def back(self) -> None:
        await self._do("browsingContext.traverseHistory", delta=-1)

    async def to_front(self) -> None:
        await self._do("browsingContext.activate")

    async def close(self) -> None:
        await self._do("browsingContext.close")

    async def evaluate(self, expression: str) -> Any:
        """What it gives, of what JSON can say."""
        said = await self.person.firefox.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if said["type"] == "exception":
            raise CommandError(said["exceptionDetails"]["text"])
        return json.loads(said["result"].get("value", "null"))

    async def reads(self, selector: str, *texts: str) -> None:
        """Waits until what is visible by that selector says exactly these, one text each."""
        within = f"[...document.querySelectorAll({json.dumps(selector)})]"
        seen = f"{within}.filter(e => e.checkVisibility()).map(e => e.innerText.trim())"
        await self.gives(seen, list(texts))

    async def gives(self, expression: str, wanted: Any = True) -> None:
        """Waits until the expression gives that; pages may come and go meanwhile."""
        deadline, found = time.monotonic() + PATIENCE, None
        while time.monotonic() < deadline:
            with contextlib.suppress(CommandError):
                found = await self.evaluate(expression)
                if found == wanted:
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{expression}\ngives {found!r}, not {wanted!r}")

    async def click(self, selector: str) -> None:
        """With the pointer, at its middle."""
        found = json.dumps(selector)
        await self.gives(f"document.querySelector({found})?.checkVisibility() ?? false")
        await self.evaluate(f"document.querySelector({found}).scrollIntoView({{block: 'center'}})")
        nodes = await self._do(
            "browsingContext.locateNodes", locator={"type": "css", "value": selector}
        )
        place = {"type": "element", "element": {"sharedId": nodes["nodes"][0]["sharedId"]}}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": place},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._perform({"type": "pointer", "id": "hand", "actions": steps})

    async def type(self, *keys: str) -> None:
        """Texts, and names of KEYS, to wherever the focus is."""
        pressed = [key for text in keys for key in ([KEYS[text]] if text in KEYS else text)]
        steps = [{"type": how, "value": key} for key in pressed for how in ("keyDown", "keyUp")]
        await self._perform({"type": "key", "id": "keys", "actions": steps})

    async def _perform(self, actions: dict[str, Any]) -> None:
        await self._do("input.performActions", actions=[actions])

    async def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self.person.firefox.command(method, context=self.context, **parameters)
