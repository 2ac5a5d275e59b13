"""Templates keep to the rules that the strict policies, both languages and shared HTML need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from campana import i18n, render
from campana.vocabulary import TYPES

ROOT = render.TEMPLATES.parent
PAGES = sorted(render.TEMPLATES.rglob("*.html"))
BANNED = {
    "inline script": r"<script(?![^>]*\bsrc=)",
    "inline style": r"<style|\sstyle=",
    "event attribute": r"\son[a-z]+=",
    "hx-on": r"\bhx-on\b",
    "javascript value": r"=[\"'](?:js|javascript):",
    "trigger filter": r"hx-trigger=\"[^\"]*\[(?!data-)",
    "unescaped": r"\|\s*safe\b|\{%-?\s*autoescape",
}
METHODS = [
    ("campana/**.py", "python"),
    ("handlers/**.py", "python"),
    ("templates/**.html", "jinja2"),
    ("templates/messages/**.txt", "jinja2"),
]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
"""By what texts are found that are to be translated; which of its words they are."""
NASTY = [
    None,
    [],
    "text",
    {},
    {
        "customer": {"name": ["x"]},
        "total": "NaN",
        "items": [{}, None, 3, {"name": "x", "quantity": []}],
    },
    {"total": "1e999999", "number": True, "minutes": -1e300, "startTime": "0001-01-01T00:00:00Z"},
    {
        "total": 12.5,
        "startTime": "9999-12-31T23:59:59Z",
        "name": "\u202e%s %(name)s {x} {{ x }} <b>",
    },
    {"message": "a\r\nb\u2028c", "title": "t" * 5000, "probability": 0.5, "score": "hot"},
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(render.TEMPLATES)))
def test_no_template_needs_a_weaker_policy(page) -> None:  # type: ignore[no-untyped-def]
    text = page.read_text()
    found = {name: re.findall(rule, text) for name, rule in BANNED.items() if re.search(rule, text)}
    assert not found


def test_every_text_is_in_spanish() -> None:
    path = i18n.CATALOGUES / "es" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as lines:
        spanish = read_po(lines, locale="es")
    wanted = {_key(message) for *_place, message, _comments, _context in _extracted()}
    translated = {_key(m.id): m for m in spanish if m.id}
    assert not wanted - translated.keys(), "missing in locale/es"
    assert not translated.keys() - wanted, "no longer used"
    for key, message in translated.items():
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        assert all(forms), f"not translated: {key}"
        assert not message.fuzzy, key
        names = {frozenset(re.findall(r"%\(\w+\)|\{\w+\}", form)) for form in forms}
        assert frozenset(re.findall(r"%\(\w+\)|\{\w+\}", key)) in names, key


def test_no_text_hides_in_an_f_string() -> None:
    """There the reader of catalogues does not look."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("campana", "handlers")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in _hidden_texts(path.read_text())
    ]
    assert not found
    assert [*_hidden_texts("f'{1} ({_(\"locked\")})'")] == [1], "it would be seen"


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("event_type", sorted(TYPES))
def test_every_type_says_something_whatever_its_publisher_sends(
    event_type: str, locale: str
) -> None:
    with i18n.use_locale(locale, "America/El_Salvador"):
        for data in NASTY:
            said = render.words(event_type, data=data, subject="sale:'\"><")
            assert said, event_type
            assert 0 < len(said.title) <= render.TITLE_LENGTH
            assert len(said.message) <= render.MESSAGE_LENGTH
            assert said.message or event_type.startswith("user:")
            assert not re.search(r"[\r\n]|None|Undefined|<built-in", said.title + said.message)
            assert said.url is None or re.fullmatch(r"/[\w/#?=%&-]*", said.url)


def test_words_follow_the_reader() -> None:
    data = {"number": 7, "customer": "Ana", "total": "1234.5", "stage": "paid"}
    said = {}
    for locale in i18n.LOCALES:
        with i18n.use_locale(locale):
            said[locale] = render.words("sale:created", data=data, subject="sale:42")
    assert said["es"] == ("Venta 7 pagada", "Ana · $1,234.50", "/sales#sale-42")
    assert said["en"] == ("Sale 7 paid", "Ana · $1,234.50", "/sales#sale-42")


def test_a_type_of_a_tenant_s_own_has_no_words_of_ours() -> None:
    for unknown in ("gift:sold", "../../etc:passwd", "sale", "", "sale:created/.."):
        assert render.words(unknown) is None


def test_a_sale_that_was_cancelled_is_told_in_whole_sentences() -> None:
    with i18n.use_locale("es"):
        data = {"customer": "Marta", "total": 12.5, "reason": "No había"}
        said = render.words("sale:cancelled", data=data, actor_name="Víctor")
        assert said is not None
        assert said.message == "Marta · $12.50 · Cancelada por Víctor. Motivo: No había."
        bare = render.words("sale:cancelled")
        assert bare is not None
        assert bare.message == "Se canceló una venta."


def test_what_stands_alone_begins_with_a_capital() -> None:
    def message(event_type: str, **data: object) -> str:
        said = render.words(event_type, data=data)
        assert said
        return said.message

    with i18n.use_locale("es"):
        assert message("stock:low", quantity=3, minimum=5) == "Quedan 3 · mínimo 5"
        assert message("stock:low", minimum=5) == "Mínimo 5"
        assert message("order:ready", table="6") == "Mesa 6"
        assert message("order:ready", number=4, table="6") == "Pedido 4 · mesa 6"


def test_the_badge_is_capped_to_see_and_exact_to_hear() -> None:
    assert "hidden" in render.badge(0, "es")
    assert ">99+<" in render.badge(100, "es")
    assert "100 sin leer" in render.badge(100, "es")
    assert "1 unread" in render.badge(1, "en")


def test_a_toast_is_the_same_for_all_and_escapes_everything() -> None:
    nasty = "<script>alert(1)</script>"
    event = {
        "id": nasty, "type": nasty, "title": nasty, "message": nasty, "variant": nasty,
        "url": "javascript:alert(1)",
        "actions": [{"label": nasty, "url": "//evil.example"}, {"label": "ok", "url": "/sales"}],
    }  # fmt: skip
    html = render.toast(event, "es")
    assert "<script" not in html
    assert "javascript:" not in html
    assert "evil.example" not in html
    assert 'href="/sales"' in html


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/sales?x=1#a", True),
        ("https://example.com/a", True),
        ("http://example.com", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/a\tb", False),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("https:", False),
        ("http://[", False),
        ("sales", False),
        ("", False),
        (None, False),
    ],
)
def test_links_lead_to_us_or_over_http(url: str | None, kept: bool) -> None:
    assert render.safe_link(url) == (url if kept else None)


def _extracted():  # type: ignore[no-untyped-def]
    options = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
    for folder in ("campana", "handlers", "templates"):
        methods = [
            (p.removeprefix(f"{folder}/"), how) for p, how in METHODS if p.startswith(folder)
        ]
        yield from extract_from_dir(ROOT / folder, methods, options, keywords=KEYWORDS)


def _hidden_texts(source: str) -> Iterator[int]:
    """Lines of f-strings in which a text is translated."""
    for place in ast.walk(ast.parse(source)):
        if not isinstance(place, ast.JoinedStr):
            continue
        calls = [part for part in ast.walk(place) if isinstance(part, ast.Call)]
        if any(
            isinstance(call.func, ast.Name)
            and call.func.id in KEYWORDS
            and any(isinstance(word, ast.Constant) for word in call.args)
            for call in calls
        ):
            yield place.lineno


def _key(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def test_the_catalogue_is_read_without_being_compiled() -> None:
    with i18n.use_locale("es-SV"):
        assert i18n.gettext("Notifications") == "Notificaciones"
    with i18n.use_locale("en"):
        assert i18n.gettext("Notifications") == "Notifications"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("fr,es-MX;q=0.5,en;q=0.4", "es"),
        ("de", "es"),
        ("en;q=0", "es"),
        ("en;q=x, ;;,", "es"),
        ("*", "es"),
        (None, "es"),
        ("en," * 5000, "en"),
    ],
)
def test_the_browser_s_wishes_choose_the_language(header: str | None, locale: str) -> None:
    assert i18n.negotiate(header) == locale
