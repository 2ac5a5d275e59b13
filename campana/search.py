"""Words by which notifications are found: kept by the clock, looked for by inbox_list.

How they are kept and compared is sql/functions/052_search.sql.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from campana.db import Database, Tx
from campana.queries import queries

AT_ONCE = 4
"""Events whose words are kept at once, in 2 ms: whoever waits for news hardly waits for that …"""
BREATH = 0.03
"""… with so many seconds in between: about 120 events a second, less than a tenth of a core."""
MARKED = 600
"""Up to where words are marked in a text: rows show less."""
SHOWN = 60
"""So many characters of a message every row shows; what answers further on is led up to …"""
LED_BY = 24
"""… by about so many."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Marker:
    """Escapes texts and marks the words in them that answer a question. words: in lower case."""

    words: frozenset[str]

    def __call__(self, text: str) -> Markup:
        parts, end = [], 0
        for match in self._matches(text[:MARKED]):
            parts += [
                Markup.escape(text[end : match.start()]),
                Markup("<mark>{}</mark>").format(match[0]),
            ]
            end = match.end()
        return Markup().join([*parts, Markup.escape(text[end:])])

    def excerpt(self, text: str) -> Markup:
        """From shortly before the first such word, where a row would not show it otherwise."""
        first = next(self._matches(text), None)
        if first is None or first.end() <= SHOWN:
            return self(text)
        before = max(0, first.start() - LED_BY)
        begin = text.rfind(" ", 0, before) + 1 or before
        return self(f"… {text[begin:]}" if begin else text)

    def answers_in(self, text: str) -> bool:
        return any(self._matches(text))

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        return (match for match in _WORD.finditer(text) if match[0].lower() in self.words)


async def keep_words(db: Database) -> None:
    """Makes what waits longest findable, a little at a time: whoever waits for news comes first."""
    while True:
        async with db.bus() as tx:
            if await queries.search.keep_words(tx, at_most=AT_ONCE) < AT_ONCE:
                return
        await asyncio.sleep(BREATH)


async def marker(tx: Tx, sought: str, texts: Collection[str]) -> Marker:
    """For these texts; deep in one it looks only where nothing answers in its beginning."""
    near = Marker(await _answering(tx, sought, (text[:MARKED] for text in texts)))
    deep = [text[MARKED:] for text in texts if not near.answers_in(text[:MARKED])]
    return Marker(near.words | await _answering(tx, sought, filter(None, deep)))


async def _answering(tx: Tx, sought: str, texts: Iterable[str]) -> frozenset[str]:
    words = sorted({word.lower() for text in texts for word in _WORD.findall(text)})
    found = queries.search.matching_words(tx, sought=sought, words=words) if words else None
    return frozenset([row["word"] async for row in found] if found else ())
