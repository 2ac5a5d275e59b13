"""The results as one page of Markdown: contest, Campana's other figures, targets, how to repeat."""

from statistics import median

from bench.contest import MODES
from bench.targets import FAN_OUT, TARGETS, Raw, ratio, speeds

PEERS = ("nchan", "socketio", "python-socketio")
MODE_TITLES = {"single": "one at a time", "bursts": "bursts of 10", "backlog": "backlog"}


def markdown(raw: Raw) -> str:
    """The whole page."""
    parts = [heading(raw), contest(raw), missing(raw), figures(raw), targets(raw), account(raw)]
    return "\n\n".join(part for part in parts if part) + "\n"


def heading(raw: Raw) -> str:
    facts = raw["manifest"]
    return (
        "# Benchmark\n\n"
        f"`make bench`{' --quick' if raw['quick'] else ''} on {facts['date']}, commit "
        f"{facts['commit']}: {facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, "
        f"{facts['system']}, Python {facts['python']}. Servers and load generator share the cores; "
        "trust ratios more than absolute figures."
    )


def contest(raw: Raw) -> str:
    """Deliveries per second side by side."""
    if not raw.get("rounds"):
        return ""
    head = ["", *(MODE_TITLES[mode.name] for mode in MODES), "bytes each", "CPU µs each"]
    rows = [[title, *cells(raw, name)] for name, title in raw["contestants"].items()]
    rows += [
        [f"Campana / {raw['contestants'][peer]}", *ratios(raw, peer), "", ""]
        for peer in PEERS
        if speeds(raw, peer, "single") and speeds(raw, "campana", "single")
    ]
    subscribers = raw["rounds"][0]["subscribers"]
    return (
        f"## Deliveries per second to {subscribers:,} subscribers\n\n{table(head, rows)}\n\n"
        "Median of the rounds (least – most). *One at a time*: the next event is published when "
        "all have the last. *Bursts of 10*: two bursts under way. *Backlog*: ten bursts under way. "
        "Every subscriber got every event once and in order, or the run would have failed. "
        "CPU: of the server, in bursts; Campana's includes PostgreSQL, where every event is "
        "written for every person first, and each event arrives twice: as notification with id "
        "(counted) and as live message (not counted)."
    )


def cells(raw: Raw, name: str) -> list[str]:
    found = [one for one in raw["rounds"] if one["contestant"] == name]
    bursts = [one for one in found if one["mode"] == "bursts"]
    return [
        *(spread(speeds(raw, name, mode.name)) for mode in MODES),
        f"{median(one['bytes_per_delivery'] for one in bursts):,.0f}" if bursts else "–",
        f"{median(one['server_cpu_us_per_delivery'] for one in bursts):.1f}" if bursts else "–",
    ]


def ratios(raw: Raw, peer: str) -> list[str]:
    found = (ratio(raw, peer, mode.name) for mode in MODES)
    return ["–" if value is None else f"**{value:.2f} ×**" for value in found]


def spread(values: list[float]) -> str:
    """Median (least – most)."""
    if not values:
        return "–"
    middle = f"{median(values):,.0f}"
    return middle if len(values) < 2 else f"{middle} ({min(values):,.0f} – {max(values):,.0f})"


def missing(raw: Raw) -> str:
    """Who could not take part, and why."""
    lines = [f"- {name}: {reason}" for name, reason in raw["missing"].items()]
    return "## Not measured\n\n" + "\n".join(lines) if lines else ""


def figures(raw: Raw) -> str:
    """Campana's other figures."""
    rows = [*latencies(raw), *publishing(raw), *rest(raw)]
    return "## Campana's other figures\n\n" + table(["", ""], rows) if rows else ""


def latencies(raw: Raw) -> list[list[str]]:
    rows = []
    for name, title in (("one", "one recipient, 400/s"), ("broadcast", "broadcast, 20/s")):
        if found := raw.get("latency", {}).get(name):
            rows.append([f"publish → arrived, {title}: p50 / p95 / p99 / max", times(found)])
    return rows


def times(found: Raw) -> str:
    return " / ".join(f"{found[at]:.1f}" for at in ("p50", "p95", "p99", "max")) + " ms"


def publishing(raw: Raw) -> list[list[str]]:
    rows = []
    for name in ("stopped", "running"):
        found = raw.get("sql", {}).get(name) or []
        for kind, title in (("insert", "plain insert"), ("publish", "publish_event()")):
            figure = spread([one[kind] for one in found])
            rows.append([f"{title}, pgbench, 8 clients, dispatcher {name}", f"{figure} /s"])
    for kind, title in (("one_by_one", "one by one"), ("arrays", "in arrays of 500")):
        figure = spread([one[kind] for one in raw.get("http", [])])
        rows.append([f"by HTTP, {title}", f"{figure} /s"])
    return [row for row in rows if not row[1].startswith("–")]


def rest(raw: Raw) -> list[list[str]]:
    rows = [
        [f"memory per idle stream, {int(count):,} open", f"{size:.1f} KiB"]
        for count, size in raw.get("memory", {}).items()
    ]
    if found := raw.get("browser"):
        rows.append(["event → badge in Chromium: p50 / p95 / p99 / max", times(found)])
    for section in ("inbox", "administration"):
        for size, asked in raw.get(section, {}).items():
            rows += answers(asked, f" with {int(size):,} notifications")
    return [*rows, *answers(raw.get("preferences", {})), *fan_out(raw)]


def answers(asked: Raw, to: str = "") -> list[list[str]]:
    return [[f"{name}{to}: p50 / p95 / p99 / max", times(found)] for name, found in asked.items()]


def fan_out(raw: Raw) -> list[list[str]]:
    """What preferences cost it."""
    return [
        [
            f"fan_out(), {FAN_OUT[load]}: asking nobody / nobody said anything / in layers",
            " / ".join(f"{found[way]:.2f}" for way in ("unasked", "plain", "layered")) + " ms",
        ]
        for load, found in raw.get("layers", {}).items()
    ]


def targets(raw: Raw) -> str:
    """Each target, what it came to, and the verdict."""
    rows = []
    for target in TARGETS:
        value = target.value(raw)
        verdict = "not measured"
        if value is not None:
            verdict = "reached" if target.reached(value) else "**not reached**"
        shown = "–" if value is None else f"{value:,.2f} {target.unit}"
        rows.append([target.name, target.wanted(), shown, verdict])
    return "## Targets\n\n" + table(["", "wanted", "this run", ""], rows)


def account(raw: Raw) -> str:
    """The load generator's share, so that the reader sees what limited what."""
    if not raw.get("rounds"):
        return ""
    shares = [
        [title, *(share(raw, name, mode.name) for mode in MODES)]
        for name, title in raw["contestants"].items()
    ]
    return (
        "## Load generator\n\nIts share of one core; where it nears 100 % it is the limit itself "
        "(the floor shows how much it can take).\n\n"
        + table(["", *(MODE_TITLES[mode.name] for mode in MODES)], shares)
    )


def share(raw: Raw, name: str, mode: str) -> str:
    found = [
        one["generator_cpu_share"]
        for one in raw["rounds"]
        if (one["contestant"], one["mode"]) == (name, mode)
    ]
    return f"{median(found):.0%}" if found else "–"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    ruler = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ruler, *rows])
