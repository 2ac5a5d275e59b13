"""Pages: the template environment on the application, language and looks of each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import aiohttp_jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp_jinja2 import APP_CONTEXT_PROCESSORS_KEY, APP_KEY, context_processors_middleware

from campana import i18n
from campana.render import environment

Processor = Callable[[web.Request], Awaitable[dict[str, Any]]]

LOCALE_COOKIE = "campana_locale"


class Choice(NamedTuple):
    """How this browser shows things: one of these values, else the usual way."""

    cookie: str
    values: tuple[str, ...]


CHOICES = {
    "theme": Choice("campana_theme", ("light", "dark")),
    "density": Choice("campana_density", ("compact",)),
}


def setup(app: web.Application, *context_processors: Processor) -> None:
    """Lets handlers answer with `page`; the processors add to every page's context."""
    app[APP_KEY] = environment()
    processors: Sequence[Processor] = (appearance, *context_processors)
    app[APP_CONTEXT_PROCESSORS_KEY] = processors
    app.middlewares.append(context_processors_middleware)
    for locale in i18n.LOCALES:  # read the catalogues now, not while somebody waits
        i18n.catalogue(locale)


def page(
    request: web.Request, template: str, status: int = 200, **context: Any
) -> web.StreamResponse:
    """A page or a fragment, in the language of the request; never kept by a cache."""
    response = aiohttp_jinja2.render_template(
        template, request, {"status": status, **context}, status=status
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = i18n.current_locale()
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


async def appearance(request: web.Request) -> dict[str, Any]:
    """What every page is rendered with, whoever reads it."""
    chosen = {name: request.cookies.get(choice.cookie) for name, choice in CHOICES.items()}
    kept = {name: chosen[name] if chosen[name] in CHOICES[name].values else None for name in chosen}
    return {"locale": i18n.current_locale(), "path": request.path, **kept}


def locale_of(request: web.Request, person: Any = None) -> str:
    """The person's own language, else the browser's choice on this machine, else its wishes."""
    chosen = getattr(person, "locale", None) or request.cookies.get(LOCALE_COOKIE)
    if chosen in i18n.LOCALES:
        return str(chosen)
    return i18n.negotiate(request.headers.get("Accept-Language"))


def in_the_language_of(person_of: Callable[[web.Request], Any]) -> Any:
    """A middleware: the request is answered in its reader's language and time zone."""

    @web.middleware
    async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
        person = person_of(request)
        zone = getattr(person, "time_zone", None)
        with i18n.use_locale(locale_of(request, person), zone):
            return await handler(request)

    return speak
