"""The policy of preferences, in sentences."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campana.channels import ALL, DEFAULT, DESKTOP, EMAIL, INBOX, INTERRUPTING, SOUND, TOAST
from campana.preferences.attention import Attention, Personal, Quiet
from campana.preferences.policy import Layer, Layers, Masks, Occasion, cells, decide

ZONE = "America/El_Salvador"  # six hours behind UTC, the whole year
NIGHT = Quiet(dt.time(22), dt.time(8))
WEEKDAYS = 0b0011111


def at(text: str) -> dt.datetime:
    """A moment by the wall clock of `ZONE`; 2026-11-20 is a Friday."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC)


NOON = at("2026-11-20 12:00")


def reached(priority: str = "medium", moment: dt.datetime = NOON, **said: Any) -> int:
    """The channels an event takes; what is said of the event goes to it, the rest to layers."""
    occasion = {name: said.pop(name) for name in ("is_actor", "sees", "muted") if name in said}
    layers = Layers(time_zone=said.pop("time_zone", ZONE), **said)
    return decide(layers, Occasion(moment=moment, priority=priority, **occasion)).channels


def on(*bits: int) -> Masks:
    return Masks(sum(bits), sum(bits))


def off(*bits: int) -> Masks:
    return Masks(0, sum(bits))


def required(*bits: int) -> Masks:
    return Masks(sum(bits), sum(bits), sum(bits))


def blocked(*bits: int) -> Masks:
    return Masks(0, sum(bits), sum(bits))


def cell(bit: int, **said: Any) -> Any:
    return next(found for found in cells(Layers(**said)) if found.bit == bit)


def test_where_nobody_says_anything_the_type_decides() -> None:
    assert reached() == DEFAULT
    assert reached(default=INBOX) == INBOX


def test_each_layer_speaks_over_the_one_below() -> None:
    assert reached(tenant=off(SOUND)) == DEFAULT & ~SOUND
    assert reached(tenant=off(SOUND), role=on(SOUND)) == DEFAULT
    assert reached(tenant=off(SOUND), role=on(SOUND), person=off(SOUND)) == DEFAULT & ~SOUND


def test_a_layer_decides_only_the_channels_it_chose() -> None:
    assert reached(tenant=on(EMAIL), role=off(TOAST), person=off(SOUND)) == INBOX | DESKTOP | EMAIL


def test_what_is_required_cannot_be_switched_off_below() -> None:
    assert reached(tenant=required(TOAST), role=off(TOAST), person=off(TOAST)) & TOAST
    assert reached(role=required(TOAST), person=off(TOAST)) & TOAST
    assert reached(role=required(TOAST), personal=Personal(switched_off=ALL)) == 0
    assert (
        reached(role=required(INBOX, TOAST), personal=Personal(switched_off=ALL)) == INBOX | TOAST
    )


def test_what_is_blocked_cannot_be_switched_on_below() -> None:
    assert not reached(tenant=blocked(SOUND), role=on(SOUND), person=on(SOUND)) & SOUND
    assert not reached(role=blocked(SOUND), person=on(SOUND)) & SOUND


def test_the_tenants_lock_stands_above_the_roles() -> None:
    assert reached(tenant=required(TOAST), role=blocked(TOAST)) & TOAST
    assert not reached(tenant=blocked(TOAST), role=required(TOAST)) & TOAST


def test_without_the_inbox_nothing_arrives() -> None:
    assert reached(person=off(INBOX)) == 0


def test_nobody_is_told_what_they_did_themselves() -> None:
    assert reached(is_actor=True) == 0
    assert reached(is_actor=True, tenant=required(INBOX)) == 0


def test_nothing_arrives_about_what_somebody_may_not_see() -> None:
    assert reached(sees=False) == 0
    assert reached(sees=False, priority="urgent", tenant=required(INBOX)) == 0


def test_a_channel_switched_off_is_off_for_every_type() -> None:
    assert reached(personal=Personal(switched_off=SOUND)) == DEFAULT & ~SOUND
    assert reached(person=on(SOUND), personal=Personal(switched_off=SOUND)) == DEFAULT & ~SOUND


@pytest.mark.parametrize(
    ("priority", "least", "arrives"),
    [
        ("low", "low", True),
        ("low", "medium", False),
        ("medium", "high", False),
        ("high", "high", True),
        ("urgent", "high", True),
    ],
)
def test_below_the_minimum_priority_there_is_no_row(
    priority: str, least: str, arrives: bool
) -> None:
    assert bool(reached(priority, personal=Personal(min_priority=least))) is arrives


def test_the_minimum_of_the_person_counts_then_of_the_role_then_of_the_tenant() -> None:
    high, low = Attention(min_priority="high"), Attention(min_priority="low")
    assert reached(tenant_attention=high) == 0
    assert reached(tenant_attention=high, role_attention=low) == DEFAULT
    assert reached(role_attention=high, personal=Personal(min_priority="low")) == DEFAULT


def test_a_required_inbox_passes_the_minimum_priority() -> None:
    assert reached("low", tenant=required(INBOX), personal=Personal(min_priority="urgent"))


def test_in_quiet_hours_the_row_is_written_without_noise() -> None:
    for clock, silent in (("21:59", False), ("22:00", True), ("03:00", True), ("08:00", False)):
        found = reached(moment=at(f"2026-11-20 {clock}"), personal=Personal(quiet=NIGHT))
        assert found == (INBOX if silent else DEFAULT), clock


def test_quiet_hours_within_a_day() -> None:
    siesta = Personal(quiet=Quiet(dt.time(13), dt.time(15)))
    for clock, silent in (("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False)):
        assert reached(moment=at(f"2026-11-20 {clock}"), personal=siesta) == (
            INBOX if silent else DEFAULT
        ), clock


def test_hours_are_those_of_the_persons_own_clock() -> None:
    moment = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
    night = {"moment": moment, "personal": Personal(quiet=NIGHT)}
    assert reached(**night, time_zone="America/El_Salvador") == DEFAULT  # 21:00
    assert reached(**night, time_zone="America/Sao_Paulo") == INBOX  # midnight


def test_on_the_day_the_clock_jumps_hours_go_by_the_wall() -> None:
    madrid = {
        "time_zone": "Europe/Madrid",
        "personal": Personal(quiet=Quiet(dt.time(2), dt.time(3))),
    }
    for utc in ("2026-03-29T00:59", "2026-03-29T01:00"):  # 01:59, then 03:00: there is no 02:30
        moment = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
        assert reached(moment=moment, **madrid) == DEFAULT, utc
    for utc in ("2026-10-25T00:30", "2026-10-25T01:30"):  # 02:30 twice
        moment = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
        assert reached(moment=moment, **madrid) == INBOX, utc


def test_on_days_off_the_whole_day_is_silent() -> None:
    weekdays = Personal(work_days=WEEKDAYS)
    assert reached(moment=at("2026-11-20 23:59"), personal=weekdays) == DEFAULT  # Friday
    assert reached(moment=at("2026-11-21 00:00"), personal=weekdays) == INBOX  # Saturday
    assert reached(moment=at("2026-11-22 12:00"), personal=weekdays) == INBOX
    assert reached(moment=at("2026-11-23 00:00"), personal=weekdays) == DEFAULT


def test_urgent_breaks_through_hours_and_days_unless_somebody_says_no() -> None:
    night = at("2026-11-21 23:00")
    calm = Personal(quiet=NIGHT, work_days=WEEKDAYS)
    assert reached("urgent", night, personal=calm) == DEFAULT
    assert reached("high", night, personal=calm) == INBOX
    assert reached("urgent", night, personal=replace(calm, urgent_breaks_through=False)) == INBOX


def test_a_person_may_have_no_quiet_hours_where_the_tenant_has() -> None:
    night, tenant = at("2026-11-20 23:00"), Attention(quiet=NIGHT)
    assert reached(moment=night, tenant_attention=tenant) == INBOX
    assert reached(moment=night, tenant_attention=tenant, personal=Personal(quiet=False)) == DEFAULT


def test_a_pause_silences_all_until_its_end_urgent_too() -> None:
    paused = Personal(paused_until=NOON)
    assert reached("urgent", NOON - dt.timedelta(seconds=1), personal=paused) == INBOX
    assert reached("urgent", NOON, personal=paused) == DEFAULT


def test_a_muted_subject_arrives_without_noise() -> None:
    assert reached("urgent", muted=True) == INBOX
    assert reached(muted=True, tenant=required(TOAST)) == INBOX


def test_hours_never_drop_and_never_hold_back_what_does_not_interrupt() -> None:
    night = at("2026-11-20 23:00")
    found = reached(moment=night, person=on(EMAIL), personal=Personal(quiet=NIGHT))
    assert found == (DEFAULT | EMAIL) & ~INTERRUPTING


def test_every_channel_names_the_layer_that_decided() -> None:
    assert cell(TOAST).decided_by is Layer.TYPE
    assert cell(TOAST, tenant=on(TOAST)).decided_by is Layer.TENANT
    assert cell(TOAST, tenant=off(TOAST), role=on(TOAST)).decided_by is Layer.ROLE
    assert cell(TOAST, role=on(TOAST), person=on(TOAST)).decided_by is Layer.PERSON
    assert cell(TOAST, personal=Personal(switched_off=TOAST)).decided_by is Layer.PERSON
    assert cell(TOAST, person=off(SOUND)).decided_by is Layer.TYPE


def test_a_lock_says_which_it_is_and_whose() -> None:
    free = cell(TOAST)
    assert (free.lock, free.locked_by) == (None, None)
    locked = cell(TOAST, tenant=required(TOAST), person=off(TOAST))
    assert (locked.on, locked.lock, locked.locked_by) == (True, "required", Layer.TENANT)
    assert locked.decided_by is Layer.TENANT, "the person's wish waits for the lock to go"
    locked = cell(TOAST, role=blocked(TOAST))
    assert (locked.on, locked.lock, locked.locked_by) == (False, "blocked", Layer.ROLE)


def test_a_decision_tells_its_steps_in_order() -> None:
    layers = Layers(
        tenant=off(SOUND), person=off(DESKTOP), personal=Personal(quiet=NIGHT), time_zone=ZONE
    )
    told = decide(layers, Occasion(moment=at("2026-11-20 23:00"), muted=True)).steps
    assert [(step.rule, step.layer, step.after) for step in told] == [
        ("type", "type", DEFAULT),
        ("tenant", "tenant", DEFAULT & ~SOUND),
        ("person", "person", INBOX | TOAST),
        ("quiet", "person", INBOX),
        ("muted", "person", INBOX),
    ]
    assert told[3].detail is NIGHT


def test_a_decision_against_names_what_stood_in_the_way() -> None:
    def last(occasion: Occasion, **said: Any) -> tuple[str, str]:
        step = decide(Layers(**said), occasion).steps[-1]
        return step.rule, step.layer

    event = Occasion(moment=NOON)
    assert last(replace(event, is_actor=True)) == ("actor", "type")
    assert last(replace(event, sees=False)) == ("unseen", "type")
    assert last(event, role=off(INBOX)) == ("no_inbox", "role")
    assert last(event, role_attention=Attention(min_priority="high")) == ("minimum", "role")
