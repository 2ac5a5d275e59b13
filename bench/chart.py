"""The contest as a picture: horizontal bars in plain SVG, no library."""

from statistics import median
from xml.sax.saxutils import escape

from bench.report import MODE_TITLES
from bench.targets import Raw, speeds

WIDTH, LEFT, RIGHT, BAR, GAP = 860, 250, 110, 16, 5
COLOURS = {"single": "#7c8aa5", "bursts": "#c2570c", "backlog": "#e9a23b"}


def svg(raw: Raw) -> str:
    """Deliveries per second, by contestant and way of publishing."""
    bars = [
        (name, mode, median(values))
        for name in raw["contestants"]
        for mode in COLOURS
        if name != "floor" and (values := speeds(raw, name, mode))
    ]
    most = max((value for _, _, value in bars), default=1)
    parts, y, last = [legend()], 64, ""
    for name, mode, value in bars:
        if name != last:
            y += 14 if last else 0
            parts.append(text(LEFT - 12, y + BAR + GAP + 13, raw["contestants"][name], "end"))
            last = name
        width = value / most * (WIDTH - LEFT - RIGHT)
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[mode]}"/>'
        )
        parts.append(text(LEFT + width + 6, y + 13, f"{value:,.0f}", "start"))
        y += BAR + GAP
    return page(y + 16, parts)


def legend() -> str:
    parts = [text(16, 24, "Deliveries per second, 1,000 subscribers", "start", 16)]
    for place, (mode, colour) in enumerate(COLOURS.items()):
        x = LEFT + place * 130
        parts.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>')
        parts.append(text(x + 18, 49, MODE_TITLES[mode], "start"))
    return "".join(parts)


def text(x: float, y: float, words: str, anchor: str, size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(words)}</text>"
    )


def page(height: float, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'font-family="system-ui, sans-serif" fill="#222">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
