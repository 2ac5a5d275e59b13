"""What pages complain of: their policy, their scripts, answers that they should not have got."""

from __future__ import annotations

from playwright.async_api import BrowserContext, ConsoleMessage, Response

# A policy that refuses something says so here, even where the console would not.
TELL = """
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
  console.error(`policy: ${violatedDirective} ${blockedURI} ${sourceFile}`));
"""
# Seen to by the answers themselves; and tests cut connections on purpose.
NETWORK = (
    "Failed to load resource",
    "Failed to fetch",
    "NetworkError when attempting to fetch",
    "Content-Length header of network response exceeds",  # Firefox, of an answer cut half-way
    "net::ERR_",
    "blocked by Playwright",
    "intercepted the request and encountered an unexpected error",  # Firefox, of a page left early
)
ON_PURPOSE = (401, 409, 410, 429)


class Complaints(list[str]):
    """Of all contexts it listens to."""

    async def listen_to(self, context: BrowserContext) -> None:
        await context.add_init_script(TELL)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.append(str(error.error)))
        context.on("response", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(n in message.text for n in NETWORK):
            self.append(message.text)

    def _see(self, response: Response) -> None:
        is_page = response.request.resource_type == "document"
        least = 500 if is_page else 400
        if response.status >= least and response.status not in ON_PURPOSE:
            self.append(f"{response.status} {response.request.method} {response.url}")
