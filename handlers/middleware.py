"""What every request goes through, outermost first: trace, errors, session, admission.

Exceptions of the product become answers here and nowhere else: problem+json for programs, a page
or a fragment for people. Anything unforeseen is logged and answered without its insides.
"""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from campana import i18n
from campana.errors import (
    DATABASE_TROUBLE,
    BadRequest,
    CampanaError,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unauthorized,
    Unavailable,
    WrongMediaType,
    from_postgres,
)
from handlers import field_words, guards, identity, inputs, navigation, origin, render, replies
from handlers.app_keys import LIMITS

log = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
BY_STATUS = {
    kind.status: kind
    for kind in (Unauthorized, NotFound, MethodNotAllowed, TooLarge, WrongMediaType)
}


@web.middleware
async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One id per request, in the answer and in every line logged meanwhile; one line at its end."""
    given = request.headers.get("X-Request-ID", "")
    request["request_id"] = given if REQUEST_ID.fullmatch(given) else uuid4().hex
    request["person"] = request["key"] = None
    started = time.perf_counter()
    with structlog.contextvars.bound_contextvars(requestId=request["request_id"]):
        response = await handler(request)
        _log_end(request, response.status, time.perf_counter() - started)
    return response


@web.middleware
async def translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Exceptions become answers. What was begun to be answered can only be cut."""
    try:
        return await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400:
            return exc
        return await _answer(request, _from_http(exc), _kept(exc))
    except CampanaError as error:
        request["error"] = str(error)
        return await _answer(request, error)
    except Exception as exc:
        if request.get("answered"):
            raise
        meant = inputs.cut_short(request, exc) or from_postgres(exc) or CampanaError()
        request["error"] = str(exc) or type(exc).__name__
        if meant.status >= 500 and not isinstance(meant, Unavailable):
            log.exception("request.failed", method=request.method, path=request.path)
        return await _answer(request, meant)


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Who is it, does the request come from where it must, may they?"""
    if "\0" in request.path or "\0" in request.query_string:
        raise BadRequest("The address holds a NUL character.")
    inputs.refuse_compressed(request)
    guard = guards.guard_of(request.match_info.handler)
    if guard is not None:
        await _pass(request, guard)
        if guard.counts:
            return await _counted(request, handler)
    elif request.match_info.http_exception is None:
        raise RuntimeError(f"{request.path} has no guard")
    elif replies.wants_html(request):
        await identity.identify(request)  # the page that says so speaks its reader's language
    return await handler(request)


async def _pass(request: web.Request, guard: guards.Guard) -> None:
    if guard.identify:
        await identity.identify(request)
    cookie = identity.by_session(request["person"])
    if request.method not in origin.SAFE_METHODS:
        if cookie or (guard.open and not guard.any_origin):
            origin.prove_same_origin(request, with_cookie=cookie)
    elif cookie:
        origin.refuse_embedding(request)
    guards.check(request, guard)


async def _counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    said = await request.app[LIMITS].client_event(request["person"], request.path)
    response = await handler(request)
    response.headers.update(said)
    return response


async def _answer(
    request: web.Request, error: CampanaError, headers: dict[str, str] | None = None
) -> web.StreamResponse:
    if not replies.wants_html(request):
        return replies.problem(error, request["request_id"], headers)
    if error.status == 401:
        return _to_sign_in(request)
    return await _error_page(request, error, headers or {})


def _to_sign_in(request: web.Request) -> web.Response:
    """People come back to the page they wanted; htmx is told to leave the page."""
    htmx, unsafe = replies.is_htmx(request), request.method not in origin.SAFE_METHODS
    wanted = replies.page_before(request) if htmx or unsafe else request.path_qs
    location = "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}"
    if htmx:
        return web.Response(status=401, headers={"HX-Redirect": location})
    return web.Response(status=303, headers={"Location": location})


async def _error_page(
    request: web.Request, error: CampanaError, headers: dict[str, str]
) -> web.StreamResponse:
    person = request["person"]
    with i18n.use_locale(render.locale_of(request, person), getattr(person, "time_zone", None)):
        response = render.page(
            request,
            "errors/error.html",
            status=error.status,
            **await render.appearance(request),
            **await _around(request, error),
            errors=[field_words.in_words(one) for one in error.errors],
            seconds=error.retry_after,
            request_id=request["request_id"],
            **_ways_back(request),
        )
    response.headers.update({**replies.headers_of(error), **headers})
    return response


async def _around(request: web.Request, error: CampanaError) -> dict[str, Any]:
    """Bell and navigation, unless it is the database that fails: then the page stands alone."""
    alone = {"person": None}
    try:
        return alone if error.status >= 500 else await navigation.frame(request)
    except DATABASE_TROUBLE:
        return alone


def _ways_back(request: web.Request) -> dict[str, str]:
    """The same page again, if it was one; the page that led here, if it is ours."""
    again = request.path_qs if request.method in origin.SAFE_METHODS else ""
    before = replies.page_before(request, "")
    return {"again": replies.local_path(again, ""), "before": before if before != again else ""}


def _from_http(exc: web.HTTPException) -> CampanaError:
    error = BY_STATUS.get(exc.status, BadRequest)(_said_by_http(exc))
    error.status = exc.status
    return error


def _said_by_http(exc: web.HTTPException) -> str:
    """What to do, where aiohttp knows; pages say it in words of their own."""
    if isinstance(exc, web.HTTPMethodNotAllowed):
        return f"Ask with {', '.join(sorted(exc.allowed_methods))}."
    if isinstance(exc, web.HTTPRequestEntityTooLarge):
        return f"A body has at most {inputs.MOST_BODY // 2**20} MiB."
    return ""


def _kept(exc: web.HTTPException) -> dict[str, str]:
    return {name: exc.headers[name] for name in ("Allow", "Retry-After") if name in exc.headers}


def _log_end(request: web.Request, status: int, seconds: float) -> None:
    """Of what failed by no fault of whoever asked, the reason too."""
    person = request["person"]
    why = {"error": request["error"]} if status >= 500 and "error" in request else {}
    tell = log.debug if request.method in origin.SAFE_METHODS and status < 500 else log.info
    tell(
        "request",
        method=request.method,
        path=request.path,
        status=status,
        success=status < 400,
        latency=round(seconds * 1000, 1),
        userId=str(person.id) if person else None,
        tenantId=str(person.tenant_id) if person else None,
        **why,
    )
