"""The event everybody has to carry: about 540 bytes of JSON with a running number and a clock.

`#n00000042@<monotonic nanoseconds>` leads the title; the load generator finds it there.
"""

import json
import time

TYPE = "announcement:published"
MESSAGE = (
    "El pedido de la mesa siete ya está listo para servir: dos pupusas revueltas, una de queso "
    "con loroco y dos horchatas frías. Avise al mesero ya, por favor."
)
DATA = {"pedido": "P-001742", "mesa": 7, "total": "14.50", "branch": "centro", "items": 5}


def title(number: int, clock_ns: int | None = None) -> str:
    """The title of event `number`; `clock_ns` is the moment latency is counted from."""
    clock = time.monotonic_ns() if clock_ns is None else clock_ns
    return f"#n{number:08d}@{clock:019d} Pedido listo"


def event(number: int) -> dict[str, object]:
    """What a peer sends for event `number`: the same fields as Campana's `notification`."""
    body: dict[str, object] = {
        "seq": number,
        "isRead": False,
        "id": f"0198a4c2-7f3e-7a10-8b6d-{number:012x}",
        "type": TYPE,
        "title": title(number),
        "message": MESSAGE,
        "priority": "medium",
        "variant": "info",
        "data": DATA,
        "url": "/pedidos/1742",
        "subject": None,
        "createdAt": "2026-11-22T12:00:00.000000+00:00",
        "actions": [],
    }
    return body


def encode(value: object) -> bytes:
    """Compact JSON, as every contestant sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
