"""The floor: a process that only writes ready bytes to sockets. No peer; it shows what is left.

Takes the same POST as the Socket.IO peers, writes each burst to every stream with one send.
"""

import json
import sys
from pathlib import Path

from bench.peers.posted import Posted
from bench.peers.socketio import batch
from bench.process import ROOT, Child

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hi\n\n"


class Floor(Posted):
    name, title, path = "floor", "bare socket writes (floor)", "/stream"

    async def setup(self, install: bool) -> None:
        self.version = f"Python {sys.version.split()[0]}"

    def launch(self, home: Path) -> Child:
        argv = [sys.executable, "-m", "bench.peers.floor", str(self.port)]
        return Child(argv, home / "floor.log", cwd=ROOT)

    def messages(self, first: int, last: int) -> list[bytes]:
        return batch(first, last)


def serve(port: int) -> None:
    """Accepts streams and posts; blocking writes, so nothing is ever dropped."""
    import select
    import socket

    epoll, listener = select.epoll(), socket.create_server(("127.0.0.1", port), backlog=4096)
    epoll.register(listener, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    streams: list[socket.socket] = []
    while True:
        for fd, _ in epoll.poll(1.0):
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                epoll.register(client, select.EPOLLIN)
                continue
            head, _, body = clients[fd].recv(1 << 20).partition(b"\r\n\r\n")
            if head.startswith(b"GET"):
                clients[fd].sendall(RESPONSE)
                streams.append(clients[fd])
            elif head.startswith(b"POST"):
                size = int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0])
                while len(body) < size:
                    body += clients[fd].recv(1 << 20)
                frames = framed(body)
                for stream in streams:
                    stream.sendall(frames)
                clients[fd].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            else:
                epoll.unregister(fd)
                gone = clients.pop(fd)
                streams = [stream for stream in streams if stream is not gone]
                gone.close()


def framed(body: bytes) -> bytes:
    """The burst as server-sent events, one string for everybody."""
    return b"".join(
        b"event: notification\ndata: "
        + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        + b"\n\n"
        for event in json.loads(body)
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
