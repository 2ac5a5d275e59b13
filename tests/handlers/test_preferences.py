"""Preferences over HTTP: what is said is what holds, from the next event on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.channels import DEFAULT, EMAIL, INBOX, PUSH, SOUND, TOAST
from campana.db import Database
from campana.preferences import layers, presets
from campana.preferences.attention import Attention
from campana.preferences.policy import Masks
from tests.cast import Cast, Member
from tests.conftest import Browser, SignIn
from tests.post import post

API = "/api/notifications/preferences"
TYPE = "sale:created"


async def patch(browser: Browser, status: int = 200, **wanted: Any) -> dict[str, Any]:
    answer = await browser.patch(API, json=wanted)
    told: dict[str, Any] = await answer.json()
    assert answer.status == status, told
    return told


class Inbox:
    """What arrives, by way of the real fan-out."""

    def __init__(self, db: Database, owner: Any) -> None:
        self._db, self._owner = db, owner

    async def __call__(self, member: Member, **event: Any) -> int | None:
        """The channels of this member's row after an event; None: no row."""
        [event_id] = await post(self._db, {"type": TYPE, **event})
        found: int | None = await self._owner.fetchval(
            "select channels from campana.inbox where user_id = $1 and event_id = $2",
            member.id,
            event_id,
        )
        return found


@pytest.fixture
def received(db: Database, owner: Any) -> Inbox:
    return Inbox(db, owner)


async def lock(db: Database, member: Member, masks: Masks, role: str = "") -> None:
    async with db.tenant(member.tenant_id) as tx:
        await layers.set_masks(tx, member.tenant_id, TYPE, masks, role=role, actor="ana")


async def test_whoever_set_nothing_has_what_the_source_promises(client: SignIn, cast: Cast) -> None:
    told = await (await (await client(cast.luis_colleague)).get(API)).json()
    assert told["enablePushNotifications"] is True
    assert told["enableEmailNotifications"] is True
    assert told["enableSMSNotifications"] is False
    assert told["enableWhatsAppNotifications"] is False
    assert told["notifyAppointmentCreated"] is True
    assert told["reminderMinutesBefore"] == [1440, 60]
    assert told["minPriority"] == "low"
    assert told["quietHours"] is None
    assert len(told["workDays"]) == 7
    assert told["types"][TYPE]["toast"] == {
        "on": True,
        "decidedBy": "type",
        "lock": None,
        "lockedBy": None,
        "reason": "",
    }
    assert told["channels"]["email"] == {"setUp": False, "enabled": True}
    assert "calendar:refresh" not in told["types"], "live ones leave no notification"


async def test_the_sources_names_are_understood_and_used(
    client: SignIn, cast: Cast, received: Inbox
) -> None:
    luis = await client(cast.luis_colleague)
    told = await patch(
        luis,
        enableSounds=False,
        notifyAppointmentUpdated=False,
        reminderMinutesBefore=[60, 15, 1440, 60],
        notificationTypes=["unanswered"],
        enableSMSNotifications=True,
    )
    assert told["enableSounds"] is False
    assert told["notifyAppointmentUpdated"] is False
    assert told["reminderMinutesBefore"] == [1440, 60, 15]
    assert told["notificationTypes"] == ["unanswered"]
    assert told["enableSMSNotifications"] is True
    me = cast.luis_colleague
    assert not (await received(me) or 0) & SOUND
    assert await received(me, type="appointment:rescheduled") is None
    assert await received(me, type="appointment:updated") is None
    assert await received(me, type="appointment:created")
    assert await received(me, type="lead:hot") is None
    assert await received(cast.rosa_colleague, type="lead:hot") == DEFAULT


async def test_one_cell_is_chosen_and_given_back(
    client: SignIn, cast: Cast, received: Inbox
) -> None:
    luis = await client(cast.luis_colleague)
    told = await patch(luis, types={TYPE: {"toast": False, "email": True}})
    assert told["types"][TYPE]["toast"]["on"] is False
    assert told["types"][TYPE]["toast"]["decidedBy"] == "person"
    assert await received(cast.luis_colleague) == (DEFAULT & ~TOAST) | EMAIL
    told = await patch(luis, types={TYPE: {"toast": None, "email": None}})
    assert told["types"][TYPE]["toast"]["decidedBy"] == "type"
    assert await received(cast.luis_colleague) == DEFAULT


async def test_hours_minimum_pause_and_mute(client: SignIn, cast: Cast, received: Inbox) -> None:
    luis, me = await client(cast.luis_colleague), cast.luis_colleague
    told = await patch(
        luis,
        quietHours={"start": "22:00", "end": "08:00"},
        workDays=["monday"],
        timeZone="Europe/Madrid",
        minPriority="high",
        urgentBreaksThrough=False,
    )
    assert told["quietHours"] == {"start": "22:00", "end": "08:00"}
    assert told["workDays"] == ["monday"]
    assert told["decidedBy"]["quietHours"] == "person"
    assert await received(me, priority="medium") is None
    await patch(luis, minPriority=None, workDays=None, quietHours=None)

    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await patch(luis, pausedUntil=until))["pausedUntil"]
    assert await received(me, priority="urgent") == INBOX
    assert (await patch(luis, pausedUntil=None))["pausedUntil"] is None

    await patch(luis, mutedSubjects=["order:7"])
    assert await received(me, subject="order:7") == INBOX
    assert await received(me, subject="order:8") == DEFAULT
    told = await patch(luis, mutedSubjects=[])
    assert await received(me, subject="order:7") == DEFAULT


async def test_a_lock_holds_and_says_whose_it_is(
    client: SignIn, db: Database, cast: Cast, received: Inbox
) -> None:
    luis = await client(cast.luis_colleague)
    await patch(luis, types={TYPE: {"toast": False}})
    await lock(db, cast.luis_colleague, Masks(TOAST, TOAST, TOAST))
    await lock(db, cast.luis_colleague, Masks(0, SOUND, SOUND), role="STAFF")
    told = await (await luis.get(API)).json()
    assert told["types"][TYPE]["toast"] == {
        "on": True,
        "decidedBy": "tenant",
        "lock": "required",
        "lockedBy": "tenant",
        "reason": "",
    }
    assert told["types"][TYPE]["sound"]["lock"] == "blocked"
    problem = await patch(luis, 409, types={TYPE: {"toast": False}})
    assert problem["field"] == f"types.{TYPE}.toast"
    assert "tenant" in problem["detail"]
    await patch(luis, 409, types={TYPE: {"sound": True}})
    assert await received(cast.luis_colleague) == DEFAULT & ~SOUND
    assert await received(cast.carlos_cook) == DEFAULT, "the role's lock is the role's"
    async with db.tenant(cast.norte) as tx:
        await layers.set_masks(tx, cast.norte, TYPE, Masks(), actor="ana")
    assert await received(cast.luis_colleague) == DEFAULT & ~SOUND & ~TOAST, (
        "the wish had waited for the lock to go"
    )


async def test_all_or_nothing_is_saved(client: SignIn, cast: Cast) -> None:
    luis = await client(cast.luis_colleague)
    await patch(luis, 422, enableSounds=False, timeZone="Mars/Olympus")
    assert (await (await luis.get(API)).json())["enableSounds"] is True


async def test_reset_gives_everything_back(client: SignIn, cast: Cast, owner: Any) -> None:
    luis = await client(cast.luis_colleague)
    before = await (await luis.get(API)).json()
    await patch(luis, enableToastNotifications=False, minPriority="high", toastSeconds=9)
    await patch(luis, types={TYPE: {"inbox": False}})
    assert await patch(luis, reset=True) == before


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"enablePush": True}, "enablePush"),
        ({"types": {"sale:made": {"toast": True}}}, "types.sale:made"),
        ({"types": {TYPE: {"pigeon": True}}}, f"types.{TYPE}.pigeon.[key]"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"quietHours": {"start": "22:00", "end": "22:00"}}, "quietHours"),
        ({"quietHours": {"start": "25:00", "end": "08:00"}}, None),
        ({"workDays": []}, "workDays"),
        ({"workDays": ["funday"]}, "workDays.0"),
        ({"minPriority": "extreme"}, "minPriority"),
        ({"reminderMinutesBefore": [60] * 10_000}, "reminderMinutesBefore"),
        ({"reminderMinutesBefore": [0]}, "reminderMinutesBefore.0"),
        ({"reminderMinutesBefore": [1e9]}, "reminderMinutesBefore.0"),
        ({"pausedUntil": "2001-01-01T00:00:00Z"}, "pausedUntil"),
        ({"pausedUntil": "2999-01-01T00:00:00Z"}, "pausedUntil"),
        ({"pausedUntil": "2027-01-01T00:00:00"}, "pausedUntil"),
        ({"mutedSubjects": ["nothing"]}, "subject"),
        ({"toastSeconds": 1}, "toastSeconds"),
        ({"enableSounds": "perhaps"}, "enableSounds"),
        ({"timeZone": "x\u0000y"}, "timeZone"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_name(
    client: SignIn, cast: Cast, wanted: dict[str, Any], field: str | None
) -> None:
    problem = await patch(await client(cast.luis_colleague), 422, **wanted)
    if field:
        assert field in [fault["field"] for fault in problem["errors"]]


async def test_a_key_sets_them_for_its_person_only(
    client: SignIn, cast: Cast, received: Inbox
) -> None:
    program = await client()
    headers = {"X-API-Key": cast.norte_key}
    answer = await program.post(
        f"{API}?user={cast.luis_colleague.email}", json={"enableSounds": False}, headers=headers
    )
    assert answer.status == 200, await answer.text()
    assert await received(cast.luis_colleague) == DEFAULT & ~SOUND
    assert await received(cast.rosa_colleague) == DEFAULT


async def test_who_changed_a_layer_and_what_is_in_the_audit(
    db: Database, cast: Cast, owner: Any, received: Inbox
) -> None:
    async with db.tenant(cast.norte) as tx:
        await layers.set_masks(
            tx, cast.norte, TYPE, Masks(TOAST, TOAST, TOAST), role="COOK", actor="ana@norte.test"
        )
        await layers.set_attention(
            tx, cast.norte, Attention(min_priority="high"), actor="ana@norte.test"
        )
        read = await layers.read(tx, cast.norte)
    assert read.masks["COOK", TYPE] == Masks(TOAST, TOAST, TOAST)
    assert read.attention[""].min_priority == "high"
    assert read.changed_by == "ana@norte.test"
    rows = await owner.fetch(
        "select action, detail ->> 'role' as role, detail -> 'after' as after from campana.audit"
        " where tenant_id = $1 and action like 'layer.%' order by id",
        cast.norte,
    )
    assert [row["action"] for row in rows] == ["layer.masks", "layer.attention"]
    assert rows[0]["role"] == "COOK"
    assert '"locked": ["toast"]' in rows[0]["after"]
    assert await received(cast.carlos_cook, priority="low") is None


async def test_the_sales_team_begins_as_its_document_says(owner: Any) -> None:
    """B5, word for word: types, push and e-mail, minimum, quiet hours, work days of each role."""
    rows = await owner.fetch(
        "select role, type, value from campana.role_preference p"
        " join campana.tenant t on t.id = p.tenant_id where t.slug = 'crm'"
    )
    said = {(row["role"], row["type"]): row["value"] for row in rows}
    full, push_only = DEFAULT | PUSH | EMAIL, DEFAULT | PUSH
    unanswered, hot, follow_up, performance = presets.DETECTED
    assert said == {
        **{("CEO", event_type): full for event_type in presets.DETECTED},
        ("SELLER", unanswered): push_only,
        ("SELLER", hot): push_only,
        ("SELLER", follow_up): push_only,
        ("SELLER", performance): 0,
        ("SECRETARY", unanswered): push_only,
        ("SECRETARY", hot): 0,
        ("SECRETARY", follow_up): 0,
        ("SECRETARY", performance): 0,
    }
    rows = await owner.fetch(
        "select role, min_priority, quiet, quiet_from::text, quiet_to::text, work_days"
        " from campana.role_attention a join campana.tenant t on t.id = a.tenant_id"
        " where t.slug = 'crm' order by role"
    )
    assert [tuple(row) for row in rows] == [
        ("CEO", "low", False, None, None, 127),
        ("SECRETARY", "high", False, None, None, 31),
        ("SELLER", "medium", True, "22:00:00", "08:00:00", 31),
    ]


PAGE = {"Accept": "text/html"}
HTMX = {**PAGE, "HX-Request": "true"}


async def send(browser: Browser, path: str, headers: Any = None, **fields: str) -> tuple[int, str]:
    """Status and text of what a form leads to."""
    answer = await browser.post(f"/preferences/{path}", data=fields, headers=headers or PAGE)
    return answer.status, await answer.text()


async def test_the_page_saves_by_plain_forms_and_says_so(
    client: SignIn, cast: Cast, received: Inbox
) -> None:
    luis, me = await client(cast.luis_colleague), cast.luis_colleague
    status, html = await send(luis, "types", change=f"{TYPE} toast off")
    assert status == 200
    assert "Venta nueva · Emergente: apagado." in html
    assert await received(me) == DEFAULT & ~TOAST
    status, html = await send(luis, "types", change=f"{TYPE},sale:updated all default")
    assert "Todo este grupo: como te lo dieron." in html
    assert await received(me) == DEFAULT
    await send(luis, "channels", change="sound off")
    assert await received(me) == DEFAULT & ~SOUND
    _status, html = await send(luis, "pause", **{"for": "tomorrow"})
    assert "En pausa hasta" in html
    assert await received(me, priority="urgent") == INBOX
    await send(luis, "pause", **{"for": ""})
    await send(luis, "mutes", mute="order:7")
    assert await received(me, subject="order:7") == INBOX
    await send(luis, "mutes", unmute="order:7")
    _status, html = await send(luis, "hours", quiet="own", start="22:00", end="08:00", days="own",
        monday="on", urgent="no", min_priority="high", time_zone="Europe/Madrid")  # fmt: skip
    assert "Tu horario está guardado." in html
    told = await (await luis.get(API)).json()
    assert told["quietHours"] == {"start": "22:00", "end": "08:00"}
    assert (told["workDays"], told["timeZone"]) == (["monday"], "Europe/Madrid")
    assert await received(me, priority="medium") is None
    await send(luis, "habits", toast_seconds="9", reminder_minutes="60 1440, 15", shortcuts="on")
    told = await (await luis.get(API)).json()
    assert (told["toastSeconds"], told["liveUpdates"], told["shortcuts"]) == (9, False, True)
    assert told["reminderMinutesBefore"] == [1440, 60, 15]
    page = await (await luis.get("/notifications", headers=PAGE)).text()
    assert 'data-seconds="9"' in page
    assert "data-off=" in page
    await send(luis, "reset")
    assert (await (await luis.get(API)).json())["toastSeconds"] == 5


async def test_what_is_muted_is_called_by_its_title(
    client: SignIn, cast: Cast, received: Inbox
) -> None:
    await received(cast.luis_colleague, subject="order:7", title="Venta 7 de Marta")
    luis = await client(cast.luis_colleague)
    offered = await (await luis.get("/preferences", headers=PAGE)).text()
    assert '<option value="order:7">Venta 7 de Marta</option>' in offered
    _status, html = await send(luis, "mutes", mute="order:7")
    assert "<span>Venta 7 de Marta</span>" in html
    assert "<option" not in html.partition('id="pref-mutes"')[2].partition("</section>")[0]


async def test_htmx_gets_the_part_alone(client: SignIn, cast: Cast) -> None:
    luis = await client(cast.luis_colleague)
    status, html = await send(luis, "types", HTMX, change=f"{TYPE} toast off")
    assert status == 200
    assert "<html" not in html
    assert 'id="preferences"' in html


async def test_a_locked_cell_has_no_switch_and_says_why(
    client: SignIn, db: Database, cast: Cast
) -> None:
    await lock(db, cast.luis_colleague, Masks(TOAST, TOAST, TOAST))
    luis = await client(cast.luis_colleague)
    html = await (await luis.get("/preferences", headers=PAGE)).text()
    assert "Lo exige tu negocio" in html
    assert 'id="sale-created-toast"' not in html
    status, html = await send(luis, "types", change=f"{TYPE} toast off")
    assert status == 422
    assert "Esto lo decide tu negocio o tu rol." in html


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("hours", {"quiet": "own", "start": "22:00", "end": "22:00"}, "dos horas distintas"),
        ("hours", {"quiet": "own", "start": "later"}, "dos horas distintas"),
        ("hours", {"days": "own"}, "Al menos un día es laborable"),
        ("hours", {"time_zone": "Mars/Olympus"}, "No existe esa zona horaria"),
        ("hours", {"min_priority": "extreme"}, "Elige una de las prioridades"),
        ("habits", {"toast_seconds": "900"}, "entre 2 y 60 segundos"),
        ("habits", {"toast_seconds": "x"}, "Este valor no sirve"),
        ("habits", {"reminder_minutes": "1 " * 10_000}, "Hasta diez"),
        ("habits", {"reminder_minutes": "soon"}, "Hasta diez"),
        ("pause", {"for": "date", "date": "2001-01-01"}, "termina en el futuro"),
        ("pause", {"for": "date", "date": "never"}, "termina en el futuro"),
        ("mutes", {"mute": "everything"}, "no se puede silenciar"),
        ("types", {"change": "sale:made toast off"}, ""),
        ("types", {"change": "nonsense"}, ""),
        ("channels", {"change": "inbox off"}, ""),
    ],
)
async def test_a_form_that_cannot_be_meant_says_what_helps(
    client: SignIn, cast: Cast, path: str, fields: dict[str, str], said: str
) -> None:
    status, html = await send(await client(cast.luis_colleague), path, **fields)
    assert status == 422
    assert said in html


async def test_a_trial_says_what_became_of_it(
    live_app: Any, client: SignIn, db: Database, cast: Cast
) -> None:
    luis = await client(cast.luis_colleague)
    _status, html = await send(luis, "test")
    assert "La prueba llegó: Bandeja, Emergente, Sonido, Escritorio." in html
    await send(luis, "types", change="announcement:published inbox off")
    _status, html = await send(luis, "test")
    assert "La prueba no llegó." in html
    assert "Está apagada en la bandeja" in html
