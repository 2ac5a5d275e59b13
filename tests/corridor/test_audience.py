"""Audience expressions: SQL and a rule written down in Python agree on whom every one names."""

from __future__ import annotations

import re
from dataclasses import dataclass

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corridor.conftest import publish_event

BRANCHES = ("Centro", "Puerto")
ROLES = ("ADMIN", "STAFF", "COOK")
TOPICS = {"pedido:7": ("luis@norte.test", "carlos@norte.test"), "mesa nueve": ("ana@norte.test",)}
EMAILS = tuple(f"{name}@norte.test" for name in ("ana", "luis", "rosa", "carlos", "ines"))
INACTIVE = "ines@norte.test"

MANY = settings(max_examples=150)


@pytest.fixture
async def norte(owner, cast):
    """The owner's connection, with two topics that people have joined."""
    for topic, emails in TOPICS.items():
        for email in emails:
            await owner.execute(
                "insert into campana.topic_subscription select tenant_id, $1, id"
                " from campana.users where email = $2",
                topic,
                email,
            )
    return owner


# -- the rule in Python: texts are read by recursive descent, people are sets of e-mails

TOKEN = re.compile(
    r"\s*([!&|()]|(role|user|branch|topic):(?:\"([^\"]+)\"|([^\s!&|()\"]+))|all(?![^\s!&|()]))"
)


class MalformedError(Exception):
    pass


@dataclass
class Reader:
    """Whom an expression names: `!` before `&` before `|`, parentheses."""

    cast: object
    text: str

    def members(self) -> set[str]:
        self.tokens, rest = [], self.text.strip(" \t\r\n")
        while rest:
            match = TOKEN.match(rest)
            if not match:
                raise MalformedError
            self.tokens.append(match)
            rest = rest[match.end() :].lstrip(" \t\r\n")
        found = self._either()
        if self.tokens:
            raise MalformedError
        return found

    def _either(self) -> set[str]:
        found = self._both()
        while self._next() == "|":
            self.tokens.pop(0)
            found = found | self._both()
        return found

    def _both(self) -> set[str]:
        found = self._one()
        while self._next() == "&":
            self.tokens.pop(0)
            found = found & self._one()
        return found

    def _one(self) -> set[str]:
        token = self.tokens.pop(0) if self.tokens else None
        if token is None or token[1] in ("&", "|", ")"):
            raise MalformedError
        if token[1] == "!":
            return self._everybody() - self._one()
        if token[1] == "(":
            found = self._either()
            if self._next() != ")":
                raise MalformedError
            self.tokens.pop(0)
            return found
        return self._everybody() & self._named(token)

    def _named(self, token: re.Match[str]) -> set[str]:
        name = token[3] or token[4]
        people = self.cast.of("norte")
        match token[2]:
            case None:
                return self._everybody()
            case "role" if name in ROLES:
                return {p.email for p in people if p.role == name}
            case "branch" if name in BRANCHES:
                return {p.email for p in people if p.branch == name}
            case "user" if name.lower() in EMAILS:
                return {name.lower()}
            case "user" if ids := {p.email for p in people if str(p.id) == name}:
                return ids
            case "topic" if len(name) <= 120:
                return set(TOPICS.get(name, ()))
        raise MalformedError

    def _everybody(self) -> set[str]:
        return {p.email for p in self.cast.of("norte")} - {INACTIVE}

    def _next(self) -> str | None:
        return self.tokens[0][1] if self.tokens else None


async def members(connection, cast, text: str, among=None) -> set[str]:
    rows = await connection.fetch(
        "select u.email, m.reason from campana.audience_members("
        "$1, campana.parse_audience($1, $2), $3) m join campana.users u on u.id = m.user_id",
        cast.norte,
        text,
        among,
    )
    assert all(1 <= len(row["reason"]) <= 200 for row in rows)
    assert len({row["email"] for row in rows}) == len(rows), "nobody is named twice"
    return {row["email"] for row in rows}


# -- expressions

names = st.one_of(
    st.just("all"),
    st.sampled_from(ROLES).map("role:{}".format),
    st.sampled_from(EMAILS).map("user:{}".format),
    st.sampled_from(EMAILS).map(lambda email: f"user:{email.upper()}"),
    st.sampled_from(BRANCHES).map("branch:{}".format),
    st.sampled_from(BRANCHES).map('branch:"{}"'.format),
    st.sampled_from(("pedido:7", "nobody-joined")).map("topic:{}".format),
    st.just('topic:"mesa nueve"'),
)
spaces = st.sampled_from(("", " ", "\n", "\t  "))


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def both(sign: str) -> st.SearchStrategy[str]:
        return st.tuples(inner, spaces, st.just(sign), spaces, inner).map("".join)

    return st.one_of(
        both("&"),
        both("|"),
        st.tuples(spaces, st.just("("), inner, st.just(")"), spaces).map("".join),
        st.tuples(st.just("!"), spaces, inner).map("".join),
    )


expressions = st.recursive(names, _joined, max_leaves=12)
soup = st.lists(
    st.one_of(names, st.sampled_from(["(", ")", "&", "|", "!", " ", '"', "role:", "ALL", "&&"])),
    max_size=9,
).map("".join)
ids = st.sampled_from(EMAILS)


@MANY
@given(text=expressions, among=st.one_of(st.none(), st.sets(ids)))
async def test_an_expression_names_whom_it_says(norte, cast, text, among) -> None:
    expected = Reader(cast, text).members()
    if among is None:
        assert await members(norte, cast, text) == expected
        return
    asked = [p.id for p in cast.of("norte") if p.email in among]
    assert await members(norte, cast, text, asked) == expected & among


@MANY
@given(text=st.one_of(soup, st.text(max_size=40).filter(lambda t: "\0" not in t)))
async def test_what_is_no_expression_is_refused_with_advice(norte, cast, text) -> None:
    try:
        text.encode()
        expected = Reader(cast, text).members()
    except UnicodeEncodeError:
        return
    except MalformedError:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await members(norte, cast, text)
        assert refused.value.sqlstate in ("CA003", "CA004"), refused.value
        assert refused.value.detail == "audience"
        assert refused.value.hint
    else:
        assert await members(norte, cast, text) == expected


MISTAKES = [
    ("", "CA003", "term is expected"),
    ("   ", "CA003", "term is expected"),
    ("everybody", "CA003", "cannot be read"),
    ("allow", "CA003", "cannot be read"),
    ("role:", "CA003", "cannot be read"),
    ("role: ADMIN", "CA003", "cannot be read"),
    ("role:ADMIN role:STAFF", "CA003", "lacks & or |"),
    ("role:ADMIN !role:STAFF", "CA003", "lacks & or |"),
    ("role:ADMIN (all)", "CA003", "lacks & or |"),
    ("& all", "CA003", "lacks a term"),
    ("all & | all", "CA003", "lacks a term"),
    ("all &", "CA003", "term is expected"),
    ("()", "CA003", "lacks a term"),
    ("(all", "CA003", "never closed"),
    ("all)", "CA003", "never opened"),
    ('branch:"Centro', "CA003", "cannot be read"),
    ("user:x;drop table", "CA004", "no user"),
    ("group:x", "CA003", "cannot be read"),
    ("(" * 60 + "all" + ")" * 60, "CA003", "too deeply"),
    ("!" * 31 + "user:ana@norte.test", "CA003", "more than 30 terms"),
    ("&".join(["all"] * 31), "CA003", "more than 30 terms"),
    ("|".join(["role:ADMIN", "branch:Centro", "topic:x"] * 11), "CA003", "more than 30 terms"),
    ("|".join(["all"] * 600), "CA003", "longer than 2,000"),
    ("topic:" + "x" * 121, "CA003", "at most 120"),
    ("role:PILOT", "CA004", 'no role "PILOT"'),
    ("role:admin", "CA004", 'no role "admin"'),
    ("all | role:PILOT", "CA004", 'no role "PILOT"'),
    ("branch:Sur", "CA004", 'no branch "Sur"'),
    ("user:nobody@norte.test", "CA004", "no user"),
    ("user:eva@sur.test", "CA004", "no user"),
    ("user:00000000-0000-0000-0000-000000000000", "CA004", "no user"),
]


async def test_each_mistake_is_called_by_its_name(owner, cast) -> None:
    for text, code, word in MISTAKES:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await publish_event(owner, audience=text)
        assert refused.value.sqlstate == code, text
        assert word in str(refused.value), text
        assert refused.value.detail == "audience", text
        assert refused.value.hint, text


async def test_the_longest_expression_that_is_taken_can_be_evaluated(norte, cast) -> None:
    everybody = await members(norte, cast, "all")
    assert await members(norte, cast, "|".join(["all"] * 30)) == everybody
    assert await members(norte, cast, "&".join(["all"] * 30)) == everybody
    assert await members(norte, cast, "!" * 28 + "all") == everybody
    assert await members(norte, cast, "all" + "&(role:ADMIN|role:STAFF" * 14 + ")" * 14)
    people = ["user:ana@norte.test", "user:luis@norte.test"] * 45
    assert len(await members(norte, cast, "|".join(people))) == 2


async def test_whoever_administers_is_an_audience_however_many_roles_there_are(owner, cast) -> None:
    await owner.execute(
        "insert into campana.role (tenant_id, name, administers)"
        " select $1, rpad('A' || n, 40, 'X'), true from generate_series(10, 69) n",
        cast.norte,
    )
    audience = await owner.fetchval("select campana.administrators($1)", cast.norte)
    assert "role:ADMIN" in audience.split(" | "), "the one that somebody has"
    assert await members(owner, cast, audience) == {cast.ana_admin.email}
