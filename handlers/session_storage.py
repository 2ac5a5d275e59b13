"""aiohttp-session on PostgreSQL: the cookie holds a random token, the table its hash.

Loading asks one query and leaves the person on `request['person']`. Only people who are signed in
have a session; what is in it is kept with its row.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp_session import AbstractStorage, Session

from campana import sessions
from campana.db import Database
from handlers.origin import is_secure

COOKIE = "campana"


class PostgresStorage(AbstractStorage):
    """Sessions of `lifetime`, counted anew about once a day while they are used."""

    def __init__(self, db: Database, lifetime: timedelta) -> None:
        super().__init__(cookie_name=COOKIE)
        self._db = db
        self._lifetime = lifetime

    async def load_session(self, request: web.Request) -> Session:
        token = self.load_cookie(request)
        found = await sessions.find(self._db, token) if token else None
        if found is None:
            return Session(None, data=None, new=True)
        request["person"] = found.person
        created = int(found.created_at.timestamp())
        session = Session(token, data={"created": created, "session": found.data}, new=False)
        if found.wants_refresh(self._lifetime):
            session.changed()
        return session

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        if session.empty:
            response.del_cookie(COOKIE, path="/")
            return
        token, data = str(session.identity), dict(session)
        alive = session.new or await sessions.extend(self._db, token, data, self._lifetime)
        if alive:
            response.set_cookie(COOKIE, token, **self._cookie(request))

    def _cookie(self, request: web.Request) -> dict[str, Any]:
        return {
            "max_age": int(self._lifetime.total_seconds()),
            "path": "/",
            "httponly": True,
            "samesite": "Lax",
            "secure": is_secure(request),
        }
