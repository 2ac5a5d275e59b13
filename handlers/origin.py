"""Where a request comes from: the browser's address, our own origin, and whether they match.

Behind a proxy these are what a trusted proxy says in X-Forwarded-…; from anybody else those
headers mean nothing.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from campana.errors import Forbidden
from handlers.app_keys import SETTINGS

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": "80", "https": "443"}
MOST_HOPS = 20


def client_address(request: web.Request) -> str:
    """The nearest address that is not a trusted proxy; '' when there is none (a local socket)."""
    address = request.remote or ""
    if not _is_trusted(request, address):
        return address
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")[-MOST_HOPS:]
    for hop in reversed(hops):
        address = _bare(hop) or address
        if not _is_trusted(request, address):
            break
    return address


def own_origin(request: web.Request) -> str:
    """Scheme and host by which the browser knows us, such as `https://bell.example.com`."""
    public_url = request.app[SETTINGS].public_url
    if public_url:
        return normal_origin(public_url)
    scheme, host = request.scheme, request.host
    if _is_trusted(request, request.remote or ""):
        scheme = _last(request, "X-Forwarded-Proto") or scheme
        host = _last(request, "X-Forwarded-Host") or host
    return normal_origin(f"{scheme}://{host}")


def is_secure(request: web.Request) -> bool:
    """Whether the browser reaches us over TLS."""
    return own_origin(request).startswith("https://")


def prove_same_origin(request: web.Request, *, with_cookie: bool) -> None:
    """Raises Forbidden unless a page of ours, or the person, made this request.

    Browsers send Origin with every POST, and Sec-Fetch-Site where the page is secure. A request
    with neither is no browser's: refused with a session cookie, otherwise it can misuse nothing.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site in ("same-origin", "none"):
        return
    if site is None and origin is not None and normal_origin(origin) == own_origin(request):
        return
    if site is None and origin is None and not with_cookie:
        return
    raise Forbidden(
        "This request does not come from a page of this site.",
        code="cross_origin",
        hint="Programs use an API key instead of a session cookie.",
    )


def refuse_embedding(request: web.Request) -> None:
    """Another site's pages may link here, but not load what only its signed-in reader may see."""
    fetched = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    if fetched and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden("Another site's page asked for this.", code="cross_origin")


def normal_origin(url: str) -> str:
    """Lower case, without the default port; '' for what is no origin, such as `null`."""
    try:
        parts = urlsplit(url.strip().lower())
        port = parts.port
    except ValueError:
        return ""
    if not parts.scheme or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    suffix = "" if port is None or str(port) == DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{suffix}"


def _is_trusted(request: web.Request, address: str) -> bool:
    networks = request.app[SETTINGS].trusted_proxies
    if not networks or not address:
        return False
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in networks)


def _bare(hop: str) -> str:
    """The address of one X-Forwarded-For entry, without port and brackets."""
    text = hop.strip().strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _last(request: web.Request, header: str) -> str:
    """What the nearest proxy said."""
    return ",".join(request.headers.getall(header, [])).rpartition(",")[2].strip()
