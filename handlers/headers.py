"""Headers that every answer carries, streams and errors too."""

from __future__ import annotations

from aiohttp import web

from handlers.origin import is_secure

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000"


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` signal. A handler's own value wins (a worker has its own policy)."""
    request["answered"] = True
    headers = response.headers
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    headers["Server"] = "Campana"
    if request_id := request.get("request_id"):
        headers["X-Request-ID"] = request_id
    if request.get("person") is not None or request.get("key") is not None:
        headers.setdefault("Cache-Control", "no-store")
    if is_secure(request):
        headers.setdefault("Strict-Transport-Security", TWO_YEARS)
