"""The small vocabulary of answers. Page or part, redirect or fragment is decided here only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from campana.errors import CampanaError
from handlers.origin import normal_origin, own_origin

PROBLEM = "application/problem+json"


def json(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON that nobody may keep. Dates become RFC 3339, UUIDs text."""
    return web.Response(
        body=orjson.dumps(data, default=str),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def problem(
    error: CampanaError, request_id: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    """RFC 9457. `code` is one of campana.errors.CODES; `errors` names fields."""
    body: dict[str, Any] = {
        "type": f"urn:campana:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
    }
    said = {"detail": error.detail, "field": error.field, "hint": error.hint}
    body |= {name: value for name, value in said.items() if value}
    if error.errors:
        body["errors"] = [one.as_dict() for one in error.errors]
    if request_id:
        body["requestId"] = request_id
    answer = json(body, status=error.status, headers={**headers_of(error), **(headers or {})})
    answer.content_type = PROBLEM
    return answer


def headers_of(error: CampanaError) -> dict[str, str]:
    """What HTTP wants beside the status."""
    headers = dict(error.headers)
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="campana"'
    return headers


def no_content() -> web.Response:
    return web.Response(status=204)


def see_other(location: str) -> web.Response:
    """303: go and GET that path of ours."""
    return web.Response(status=303, headers={"Location": local_path(location)})


def changed(request: web.Request, fragment: str | None = None, *, to: str = "") -> web.Response:
    """The answer to a POST: the fragment for htmx, else 303 to `to` or back to the page before."""
    if is_htmx(request):
        if fragment is None:
            return no_content()
        return web.Response(text=fragment, content_type="text/html")
    return see_other(to or page_before(request))


def answer_change(
    request: web.Request, data: Any, fragment: str = "", *, to: str = "/"
) -> web.Response:
    """The answer to a change that people and programs make alike: `fragment` for htmx, 303 for a
    form (back to the page before, else `to`), `data` as JSON for everybody else."""
    if is_htmx(request):
        return changed(request, fragment)
    if "text/html" in request.headers.get("Accept", ""):
        return see_other(page_before(request, to))
    return json(data)


def page_before(request: web.Request, default: str = "/") -> str:
    """Path and query of the page the form was on, when it is ours."""
    referer = request.headers.get("Referer", "")
    if normal_origin(referer) != own_origin(request):
        return default
    parts = urlsplit(referer)
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""), default)


def local_path(text: str | None, default: str = "/") -> str:
    """`text` when it is a path on this site and nothing else (no `//host`, no `/\\host`)."""
    if not text or not text.startswith("/") or text[1:2] in ("/", "\\"):
        return default
    if any(ord(sign) < 33 or sign in '\\"<>' or ord(sign) > 126 for sign in text):
        return default
    return text


def is_htmx(request: web.Request) -> bool:
    return request.headers.get("HX-Request") == "true"


def wants_html(request: web.Request) -> bool:
    """Whether a person looks at the answer. Streams and programs never get a page or a redirect; of
    what comes under /api/, only a page's form does, sent with scripts or without."""
    if request.path.startswith("/health") or request.path in ("/stream", "/metrics"):
        return False
    for_people = is_htmx(request) or "text/html" in request.headers.get("Accept", "")
    if request.path.startswith("/api/"):
        is_form = request.content_type == "application/x-www-form-urlencoded"
        return for_people and is_form and request.method == "POST"
    return for_people
