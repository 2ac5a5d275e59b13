"""Words by which notifications are found: kept by the clock, looked for by inbox_list.

How they are kept and compared is sql/functions/052_search.sql.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable

from markupsafe import Markup

from campana.db import Database, Tx
from campana.queries import queries

AT_ONCE = 4
"""Events whose words are kept at once, in 2 ms: whoever waits for news hardly waits for that …"""
BREATH = 0.03
"""… with so many seconds in between: about 120 events a second, less than a tenth of a core."""
MARKED = 600
"""Up to where words are marked in a text: rows show less."""

_WORD = re.compile(r"[^\W_]+")

Marker = Callable[[str], Markup]


async def keep_words(db: Database) -> None:
    """Makes what waits longest findable, a little at a time: whoever waits for news comes first."""
    while True:
        async with db.bus() as tx:
            if await queries.search.keep_words(tx, at_most=AT_ONCE) < AT_ONCE:
                return
        await asyncio.sleep(BREATH)


async def marker(tx: Tx, sought: str, texts: Iterable[str]) -> Marker:
    """Escapes a text and marks the words in it that answer the question. texts: all there are."""
    words = {word.lower() for text in texts for word in _WORD.findall(text[:MARKED])}
    found = {
        row["word"]
        async for row in queries.search.matching_words(tx, sought=sought, words=sorted(words))
    }
    return lambda text: _marked(text, found)


def _marked(text: str, found: set[str]) -> Markup:
    parts, end = [], 0
    for match in _WORD.finditer(text, 0, MARKED):
        if match[0].lower() in found:
            parts += [
                Markup.escape(text[end : match.start()]),
                Markup("<mark>{}</mark>").format(match[0]),
            ]
            end = match.end()
    return Markup().join([*parts, Markup.escape(text[end:])])
