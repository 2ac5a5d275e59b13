"""The notifications policy: a change is shown first with whom it concerns, then it counts."""

from __future__ import annotations

import html
import re
from random import Random
from typing import Any

import orjson
import pytest

from campana import users
from campana.administration.policy import change, undo
from campana.administration.policy.cells import STATES
from campana.administration.policy.draft import Wanted
from campana.administration.policy.understanding import understood
from campana.channels import ALL, CHANNELS, INBOX, SOUND, TOAST
from campana.clock import Clock
from campana.db import Database
from campana.errors import Conflict
from campana.preferences import choices, layers, matrix
from campana.preferences.attention import Attention
from campana.preferences.policy import Masks
from tests.cast import Cast, Member, person_of
from tests.conftest import Browser, SignIn
from tests.handlers.admin import look, send, was
from tests.post import post

TYPE, OTHER = "sale:created", "stock:low"
PAGE = "/admin/policy"
LATEST = "select action, detail from campana.audit order by id desc limit 1"
LIVING = "select exists (select from campana.policy_change where undone_at is null)"
OWN = "select value, chosen, kept from campana.user_preference where user_id = $1 and type = $2"


class Policy:
    """Ana's hands on the policy of her tenant."""

    def __init__(self, db: Database, ana: Any) -> None:
        self.db, self.ana = db, ana

    async def apply(self, cells: Any, role: str = "", to: Any = "unchanged", **more: Any) -> int:
        return await change.apply(self.db, self.ana, Wanted(role=role, cells=cells, **more), to)

    async def reach(self, wanted: Wanted) -> dict[str, change.Reach]:
        async with self.db.tenant(self.ana.tenant_id) as tx:
            return await change.reach(tx, self.ana, await understood(tx, self.ana, wanted))

    async def take_back(self) -> None:
        async with self.db.tenant(self.ana.tenant_id) as tx:
            row = await undo.last(tx, self.ana)
        assert row is not None
        await undo.undo(self.db, self.ana, row["id"])

    async def of(self, member: Member) -> dict[str, int]:
        """What this person gets of each type, by the rule itself."""
        person = await person_of(self.db, member)
        async with self.db.tenant(member.tenant_id) as tx:
            found = await matrix.of_person(tx, person)
        return {row.type: _gets(row) for row in found.rows}

    async def choose(self, member: Member, mask: int, *, on: bool, of: str = TYPE) -> None:
        person = await person_of(self.db, member)
        await choices.change(self.db, person, choices.choose([of], mask, on=on))


def _gets(row: matrix.Row) -> int:
    mask = sum(cell.bit for cell in row.cells if cell.on)
    return mask if mask & INBOX else 0


@pytest.fixture
async def policy(db: Database, cast: Cast) -> Policy:
    return Policy(db, await person_of(db, cast.ana_admin))


async def test_a_change_is_shown_with_names_made_and_taken_back(
    client: SignIn, owner: Any, cast: Cast, policy: Policy
) -> None:
    ana, luis, rosa = await client(cast.ana_admin), cast.luis_colleague, cast.rosa_colleague
    await policy.choose(luis, TOAST, on=True)
    form = {"layer": "STAFF", f"{TYPE} toast": "off", "was": await _drawn(ana, "STAFF")}
    shown = (await send(ana, f"{PAGE}/preview", form)).text
    assert (await policy.of(rosa))[TYPE] & TOAST, "looking changes nothing"
    unchanged, everybody, new = _figures(shown)
    assert "Cambia para 1 persona: Rosa" in unchanged
    assert "1 conserva lo suyo: Luis" in unchanged
    assert "Cambia para 2 personas: Luis, Rosa" in everybody
    assert "1 pierde lo que eligió: Luis" in everybody
    assert "No cambia para nadie" in new

    assert (await send(ana, PAGE, form | {"applies_to": "everybody"})).status == 303
    assert not any([(await policy.of(one))[TYPE] & TOAST for one in (luis, rosa)])
    action, detail = await owner.fetchrow(LATEST)
    assert action == "policy.change"
    told = orjson.loads(detail)
    assert (told["role"], told["applies_to"], told["people"]) == ("STAFF", "everybody", 2)
    cell = f"{TYPE} toast"
    assert (told["before"], told["after"]) == ({cell: "above"}, {cell: "off"})
    assert "Venta nueva · Emergente" in (await look(ana, "/admin/audit")).text
    page = (await look(ana, f"{PAGE}?layer=STAFF")).text
    assert "Guardado. Cambia algo para 2 personas" in page
    change_id = re.search(r'name="change" value="([^"]+)"', page)
    assert change_id

    for status in (303, 409):
        answer = await send(ana, f"{PAGE}/undo", {"change": change_id[1], "layer": "STAFF"})
        assert answer.status == status
    assert tuple(await owner.fetchrow(OWN, luis.id, TYPE)) == (TOAST, TOAST, 0), "his own again"
    assert (await policy.of(rosa))[TYPE] & TOAST
    assert (await owner.fetchrow(LATEST))["action"] == "policy.undo"
    assert await owner.fetchval("select count(*) from campana.policy_choice") == 0


@pytest.mark.parametrize("applies_to", change.APPLIES_TO)
async def test_what_is_foretold_is_what_happens(
    policy: Policy, cast: Cast, owner: Any, applies_to: change.AppliesTo
) -> None:
    people = [cast.ana_admin, cast.luis_colleague, cast.rosa_colleague, cast.carlos_cook]
    chance, told = Random(applies_to), 0
    while told < 10:
        await _muddle(owner, cast, people, chance)
        role = chance.choice(["", "STAFF", "COOK"])
        wanted = Wanted(role=role, cells=_some_cells(chance), preset="")
        try:
            foretold = (await policy.reach(wanted))[applies_to]
        except Conflict:  # the tenant has locked it
            continue
        before = {one.id: await policy.of(one) for one in people}
        rows = await owner.fetch(OWN.replace("user_id = $1 and type = $2", "true order by 1, 2, 3"))
        changed = await change.apply(policy.db, policy.ana, wanted, applies_to)
        after = {one.id: await policy.of(one) for one in people}
        moved = [one for one in people if before[one.id] != after[one.id]]
        assert (changed, foretold.changed) == (len(moved), len(moved)), wanted
        assert set(foretold.changed_names) == {one.name.split()[0] for one in moved}
        if not await owner.fetchval(LIVING):
            continue
        told += 1
        await policy.take_back()
        assert {one.id: await policy.of(one) for one in people} == before
        again = await owner.fetch(
            OWN.replace("user_id = $1 and type = $2", "true order by 1, 2, 3")
        )
        assert again == rows


async def test_new_people_follow_and_those_of_today_keep_what_they_have(
    db: Database, owner: Any, cast: Cast, policy: Policy
) -> None:
    luis = cast.luis_colleague
    await policy.apply({TYPE: {"sound": "off"}}, to="new")
    assert (await policy.of(luis))[TYPE] & SOUND
    assert tuple(await owner.fetchrow(OWN, luis.id, TYPE)) == (SOUND, SOUND, SOUND)
    async with db.bus() as bus, bus.transaction():
        nina = await users.add(
            bus,
            cast.norte,
            email="nina@norte.test",
            name="Nina",
            role="STAFF",
            branch=None,
            password_hash=None,
            actor="test",
        )
    newcomer = Member("norte", "nina@norte.test", "Nina", "STAFF", None, cast.norte, nina)
    assert not (await policy.of(newcomer))[TYPE] & SOUND

    await policy.choose(cast.rosa_colleague, SOUND, on=True)
    await policy.apply({TYPE: {"sound": "blocked"}})
    await policy.apply({TYPE: {"sound": "off"}})
    assert not (await policy.of(luis))[TYPE] & SOUND, "he never chose it: he follows now"
    assert (await policy.of(cast.rosa_colleague))[TYPE] & SOUND, "she did"


async def test_what_people_choose_after_a_change_survives_its_undo(
    owner: Any, cast: Cast, policy: Policy
) -> None:
    luis = cast.luis_colleague
    await policy.choose(luis, TOAST | SOUND, on=True)
    await policy.apply({TYPE: {"toast": "off", "sound": "off"}}, to="everybody")
    await policy.choose(luis, TOAST, on=False)
    await policy.take_back()
    assert tuple(await owner.fetchrow(OWN, luis.id, TYPE)) == (SOUND, TOAST | SOUND, 0)


async def test_after_a_week_nothing_is_left_to_take_back(
    db: Database, owner: Any, cast: Cast, policy: Policy
) -> None:
    await policy.choose(cast.luis_colleague, TOAST, on=True)
    await policy.apply({TYPE: {"toast": "off"}}, to="everybody")
    clock = Clock(db, lambda: None)
    await clock.forget_old()
    kept = "select count(*) from campana.policy_choice"
    assert await owner.fetchval(kept) == 1
    await owner.execute("update campana.policy_change set at = at - interval '8 days'")
    async with db.tenant(cast.norte) as tx:
        assert await undo.last(tx, policy.ana) is None
    await clock.forget_old()
    assert await owner.fetchval(kept) == 0


async def test_two_administrators_at_once_lose_nothing_silently(
    client: SignIn, cast: Cast, policy: Policy
) -> None:
    ana = await client(cast.ana_admin)
    drawn = await _drawn(ana, "")
    await policy.apply({TYPE: {"toast": "blocked", "sound": "off"}, OTHER: {"inbox": "off"}})
    form = {"layer": "", f"{TYPE} toast": "off", f"{TYPE} sound": "above", "was": drawn}
    for path in (f"{PAGE}/preview", PAGE):
        answer = await send(ana, path, form | {"applies_to": "unchanged"})
        assert answer.status == 409
        assert "Mientras tanto, otra persona puso" in answer.text
        assert "Prohibido" in answer.text
    again = {**dict(_hidden(answer.text)), "applies_to": "unchanged"}
    assert (await send(ana, PAGE, again)).status == 303
    async with policy.db.tenant(cast.norte) as tx:
        said = (await layers.read(tx, cast.norte)).masks
    assert said["", TYPE] == Masks(0, TOAST | SOUND, 0), "hers, and theirs beside it"
    assert said["", OTHER].chosen == INBOX


async def test_a_lock_of_the_tenant_stands_above_roles_and_says_why(
    client: SignIn, cast: Cast, policy: Policy
) -> None:
    ana = await client(cast.ana_admin)
    form = {"layer": "", f"{TYPE} inbox": "required", "reason": "El dinero no espera"}
    assert (await send(ana, PAGE, form | {"applies_to": "unchanged"})).status == 303
    page = (await look(ana, f"{PAGE}?layer=STAFF&q=venta nueva")).text
    assert "El dinero no espera" in page
    assert f'name="{TYPE} inbox"' not in page
    assert f'name="{TYPE} toast"' in page
    answer = await send(ana, f"{PAGE}/preview", {"layer": "STAFF", f"{TYPE} inbox": "off"})
    assert answer.status == 409
    person = await person_of(policy.db, cast.luis_colleague)
    async with policy.db.tenant(cast.norte) as tx:
        row = (await matrix.of_person(tx, person)).of(TYPE)
    assert row is not None
    assert (row.cell("inbox").lock, row.cell("inbox").reason) == ("required", "El dinero no espera")


async def test_it_counts_from_the_very_next_event_on(
    owner: Any, cast: Cast, policy: Policy
) -> None:
    got = "select channels from campana.inbox where user_id = $1 order by seq desc limit 1"
    await post(policy.db)
    assert await owner.fetchval(got, cast.luis_colleague.id) & TOAST
    await policy.apply({TYPE: {"toast": "blocked"}}, "STAFF")
    await post(policy.db)
    assert not await owner.fetchval(got, cast.luis_colleague.id) & TOAST
    assert await owner.fetchval(got, cast.carlos_cook.id) & TOAST, "another role"


async def test_a_channel_is_set_for_all_types_of_a_business_at_once(
    client: SignIn, cast: Cast, policy: Policy
) -> None:
    await policy.apply({"sale:updated": {"toast": "required"}})
    ana = await client(cast.ana_admin)
    form = {"layer": "STAFF", "all toast": "off", "all sound": "", "applies_to": "everybody"}
    types = ("sale:created", "sale:cancelled")
    cells = {f"{name} {channel}": "above" for name in types for channel in ("toast", "sound")}
    assert (await send(ana, PAGE, form | cells | {"sale:updated sound": "off"})).status == 303
    async with policy.db.tenant(cast.norte) as tx:
        said = (await layers.read(tx, cast.norte)).masks
    assert {name: said["STAFF", name] for name in types} == {
        name: Masks(0, TOAST) for name in types
    }
    assert said["STAFF", "sale:updated"] == Masks(0, SOUND), "its toast is locked above"


async def test_hours_of_a_role_are_its_own_until_it_says_nothing(
    client: SignIn, cast: Cast, policy: Policy
) -> None:
    ana = await client(cast.ana_admin)
    form = [("layer", "COOK"), ("min_priority", "high"), ("quiet", "hours"), ("days", "own")]
    form += [("quiet_from", "22:00"), ("quiet_to", "06:00"), ("day", "1"), ("day", "16")]
    drawn = _was_of_hours((await look(ana, f"{PAGE}?layer=COOK")).text)
    assert (await send(ana, f"{PAGE}/hours", [*form, ("was", drawn)])).status == 303
    async with policy.db.tenant(cast.norte) as tx:
        said = (await layers.read(tx, cast.norte)).attention["COOK"]
    assert (said.min_priority, said.work_days, said.urgent_breaks_through) == ("high", 17, None)
    late = await send(ana, f"{PAGE}/hours", [("layer", "COOK"), ("was", drawn)])
    assert late.status == 409
    await policy.take_back()
    async with policy.db.tenant(cast.norte) as tx:
        assert (await layers.read(tx, cast.norte)).attention["COOK"] == Attention()


async def test_a_preset_is_a_start_for_any_role(client: SignIn, cast: Cast, policy: Policy) -> None:
    ana = await client(cast.ana_admin)
    form = {"layer": "STAFF", "preset": "SELLER"}
    shown = (await send(ana, f"{PAGE}/preview", form)).text
    assert "22:00–08:00" in shown
    sent = {**dict(_hidden(shown)), "applies_to": "everybody"}
    assert (await send(ana, PAGE, sent)).status == 303
    assert not (await policy.of(cast.luis_colleague))["seller:performance_alert"]
    assert "No se cambió nada" in (await send(ana, f"{PAGE}/preview", form, **HTMX)).text


HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    "form",
    [
        {"layer": "NOBODY", f"{TYPE} toast": "off"},
        {f"{TYPE} toast": "maybe"},
        {f"{TYPE} pigeon": "off"},
        {"calendar:refresh toast": "off"},
        {"no:such toast": "off"},
        {f"{TYPE} toast": "blocked", "reason": "x" * 301},
        {f"{TYPE} toast": "off", "applies_to": "some"},
        {"preset": "POPE", "layer": "STAFF"},
        {"preset": "SELLER"},
    ],
)
async def test_what_makes_no_sense_is_refused(
    client: SignIn, cast: Cast, owner: Any, form: dict[str, str]
) -> None:
    answer = await send(await client(cast.ana_admin), PAGE, {"applies_to": "unchanged"} | form)
    assert answer.status in (404, 422)
    assert await owner.fetchval("select count(*) from campana.policy_change") == 0


@pytest.mark.parametrize(
    "junk", ["[]", '{"x":1}', '{"sale:created":"zzzzzzzz"}', "{", "x" * 30_000]
)
async def test_what_a_form_says_it_was_drawn_with_cannot_break_anything(
    client: SignIn, cast: Cast, junk: str
) -> None:
    ana = await client(cast.ana_admin)
    form = {"layer": "COOK", f"{TYPE} toast": "off", "was": junk}
    assert (await send(ana, f"{PAGE}/preview", form)).status == 200
    assert (await send(ana, f"{PAGE}/hours", {"layer": "COOK", "was": junk})).status == 303


async def test_only_administrators_of_the_tenant_touch_it(
    client: SignIn, db: Database, owner: Any, cast: Cast, policy: Policy
) -> None:
    await policy.apply({TYPE: {"toast": "off"}})
    change_id = str(await owner.fetchval("select id from campana.policy_change"))
    form = {f"{TYPE} toast": "blocked", "applies_to": "everybody", "change": change_id}
    for member in (cast.luis_colleague, cast.carlos_cook, cast.leo_stranger):
        browser = await client(member)
        assert (await look(browser, PAGE)).status == 403
        for verb in ("", "/preview", "/hours", "/undo"):
            assert (await send(browser, PAGE + verb, form)).status == 403, (member.name, verb)
    nobody = await client()
    assert (await send(nobody, PAGE, form)).status in (303, 401)

    eva = await client(cast.eva_stranger)
    assert (await send(eva, f"{PAGE}/undo", form)).status == 409, "hers has no such change"
    assert (await look(eva, f"{PAGE}?layer=COOK")).status == 404
    assert (await send(eva, PAGE, form)).status == 303
    async with db.tenant(cast.norte) as tx:
        said = (await layers.read(tx, cast.norte)).masks
    assert said["", TYPE] == Masks(0, TOAST, 0), "Eva changed her own tenant only"
    assert (await policy.of(cast.luis_colleague))[TYPE] & ALL & ~TOAST


async def test_a_type_among_thousands_is_found(client: SignIn, owner: Any, cast: Cast) -> None:
    await owner.execute(
        "insert into campana.tenant_type (tenant_id, name)"
        " select $1, 'own:thing_' || lpad(i::text, 5, '0') from generate_series(1, 10000) i",
        cast.norte,
    )
    ana = await client(cast.ana_admin)
    first = (await look(ana, PAGE)).text
    assert first.count('"own:thing_') < 1000
    assert "after=own%3Athing_00050" in first
    assert "own:thing_00051" in (await look(ana, f"{PAGE}?after=own:thing_00050")).text
    found = (await look(ana, f"{PAGE}?q=thing 09999")).text
    assert 'name="own:thing_09999 toast"' in found
    form = {"own:thing_09999 toast": "off", "applies_to": "unchanged"}
    assert (await send(ana, PAGE, form)).status == 303


async def _muddle(owner: Any, cast: Cast, people: list[Member], chance: Random) -> None:
    """Layers and choices of which nobody knows how they came about."""
    for table in ("tenant_preference", "role_preference", "user_preference", "user_attention"):
        await owner.execute(f"delete from campana.{table} where tenant_id = $1", cast.norte)
    for name in (TYPE, OTHER):
        await _say(owner, "tenant_preference", (), (cast.norte, name), chance)
        for role in ("STAFF", "COOK"):
            await _say(owner, "role_preference", ("role",), (cast.norte, name, role), chance)
    for one in people:
        if chance.random() < 0.6:
            value, chosen, kept = (chance.getrandbits(4) for _bits in range(3))
            await owner.execute(
                "insert into campana.user_preference"
                " (tenant_id, user_id, type, value, chosen, kept) values ($1, $2, $3, $4, $5, $6)",
                *(cast.norte, one.id, TYPE, value & chosen, chosen, kept & chosen),
            )
        if chance.random() < 0.3:
            await owner.execute(
                "insert into campana.user_attention (tenant_id, user_id, switched_off)"
                " values ($1, $2, $3) on conflict (tenant_id, user_id) do update"
                " set switched_off = excluded.switched_off",
                *(cast.norte, one.id, TOAST),
            )


async def _say(owner: Any, table: str, more: tuple[str, ...], key: Any, chance: Random) -> None:
    """Masks such as a page can say: what is locked is chosen."""
    value, chosen, locked = (chance.getrandbits(4) for _bits in range(3))
    if chance.random() < 0.4:
        return
    columns = ", ".join(("tenant_id", "type", *more))
    places = ", ".join(f"${number + 1}" for number in range(len(key)))
    await owner.execute(
        f"insert into campana.{table} ({columns}, value, chosen, locked)"
        f" values ({places}, {value & chosen}, {chosen}, {locked & chosen})",
        *key,
    )


def _some_cells(chance: Random) -> dict[str, dict[str, str]]:
    shown = [channel.name for channel in CHANNELS if channel.is_set_up]
    return {
        name: {channel: chance.choice(STATES[:5]) for channel in chance.sample(shown, 2)}
        for name in (TYPE, OTHER)
    }


async def _drawn(browser: Browser, layer: str) -> str:
    """What the form with sales was drawn with."""
    text = (await look(browser, f"{PAGE}?layer={layer}&q={TYPE}")).text
    return was(text)


def _was_of_hours(text: str) -> str:
    return was(text[text.index('action="/admin/policy/hours/preview#hours"') :])


def _hidden(text: str) -> list[tuple[str, str]]:
    form = text[text.index('<form method="post" action="/admin/policy"') :]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return [(html.unescape(name), html.unescape(value)) for name, value in found]


def _figures(text: str) -> list[str]:
    """What the three ways to apply say, without marks."""
    parts = text.split('class="policy-way"')[1:]
    return [" ".join(re.sub(r"<[^>]+>", " ", part).replace(" :", ":").split()) for part in parts]
