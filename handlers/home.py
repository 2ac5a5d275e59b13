"""The address without a path: to the notifications, or to the sign-in page."""

from aiohttp import web

from handlers.guards import anyone
from handlers.replies import see_other


@anyone
async def show(request: web.Request) -> web.Response:
    """GET /"""
    return see_other("/notifications" if request["person"] else "/login")
