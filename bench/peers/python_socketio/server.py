"""python-socketio as a peer of the benchmark: one room, a POST emits an array to it."""

import sys

import socketio  # type: ignore[import-not-found]
import uvloop
from aiohttp import web

sio = socketio.AsyncServer(
    async_mode="aiohttp", transports=["websocket"], ping_interval=600, http_compression=False
)
app = web.Application(client_max_size=1 << 24)
sio.attach(app)


@sio.event
async def connect(sid, environ):  # type: ignore[no-untyped-def]
    await sio.enter_room(sid, "everyone")


async def publish(request: web.Request) -> web.Response:
    for event in await request.json():
        await sio.emit("notification", event, room="everyone")
    return web.Response()


app.router.add_post("/publish", publish)
uvloop.install()
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, backlog=4096)
