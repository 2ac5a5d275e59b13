"""What the doctor looks at in the database server itself."""

import time

from campana.doctor.finding import Finding, fail, ok, warn
from campana.doctor.patient import Patient, words
from campana.migrate import OLDEST
from campana.queries import queries
from campana.settings import Settings

SKEW = (2.0, 60.0)  # seconds between the clocks: worth a word, and wrong
FULL = (0.1, 0.5)  # parts of the notify queue: likewise
BESIDE_POOLS = 2  # connections of a process beside its two pools: listener, migration


async def answers(patient: Patient) -> Finding:
    """How far away it is."""
    started = time.perf_counter()
    await queries.doctor.backend(patient.connection)
    trip = f"answers in {(time.perf_counter() - started) * 1000:.1f} ms"
    if patient.settings.database_url:
        return ok("database", f"the one of DATABASE_URL {trip}")
    home = patient.settings.home
    return ok("database", f"embedded under {home}, for trying and developing, {trip}")


def silent(settings: Settings, error: BaseException) -> Finding:
    """It could not be reached at all."""
    where = "DATABASE_URL" if settings.database_url else f"the one under {settings.home}"
    return fail(
        "database",
        f"{where} does not answer: {words(error)}",
        "correct the address, name and password; see that the server runs and lets this host in",
    )


async def version(patient: Patient) -> Finding:
    row = await queries.doctor.server(patient.connection)
    says = f"PostgreSQL {row['version']}"
    if row["number"] < OLDEST:
        return fail("version", f"{says} is too old", "use PostgreSQL 15 or newer")
    if row["is_standby"]:
        return fail("version", f"{says}, a standby: it takes no writes", "name the primary")
    return ok("version", says)


async def durability(patient: Patient) -> Finding:
    row = await queries.doctor.server(patient.connection)
    names = ("fsync", "full_page_writes", "synchronous_commit")
    if off := [name for name in names if row[name] == "off"]:
        return warn(
            "durability",
            f"{' and '.join(off)} off: a crash may lose events that were taken",
            "switch on what should survive a power cut",
        )
    return ok("durability", "what was committed survives a crash")


async def clock(patient: Patient) -> Finding:
    """Half a round trip is the most that one cannot know."""
    before = time.time()
    there = await queries.doctor.clock(patient.connection)
    after = time.time()
    skew = max(0.0, abs(there - (before + after) / 2) - (after - before) / 2)
    says = f"this host's and the database's differ by {skew:.1f} s"
    if skew < SKEW[0]:
        return ok("clocks", says)
    state = fail if skew > SKEW[1] else warn
    return state("clocks", says, "keep both on time, with chrony or systemd-timesyncd")


async def room(patient: Patient) -> Finding:
    row = await queries.doctor.room(patient.connection)
    free, needed = row["most"] - row["taken"], 2 * patient.settings.pool_size + BESIDE_POOLS
    says = f"{row['taken']} of {row['most']} taken; one more process may open {needed}"
    if free >= needed:
        return ok("connections", says)
    return warn("connections", says, "raise max_connections, or lower CAMPANA_POOL_SIZE")


async def notify_queue(patient: Patient) -> Finding:
    usage = await queries.doctor.notify_queue(patient.connection)
    says = f"{usage:.0%} full"
    if usage < FULL[0]:
        return ok("notify queue", says)
    return (fail if usage > FULL[1] else warn)(
        "notify queue",
        says,
        "end the session that listens inside an old transaction (pg_stat_activity, by xact_start)",
    )
