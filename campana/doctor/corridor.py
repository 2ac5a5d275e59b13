"""Whether events get through."""

from campana.doctor.finding import Finding, ok, warn
from campana.doctor.patient import Patient
from campana.health import SILENCE
from campana.queries import queries

LATE = 30.0  # seconds an event may wait before it is worth a word


async def queue(patient: Patient) -> Finding:
    row = await queries.doctor.corridor(patient.connection)
    somebody = row["silence"] is not None and row["silence"] < SILENCE
    waiting = f"{row['waiting']:,} waiting"
    if row["set_aside"]:
        return warn(
            "events",
            f"{row['set_aside']:,} failed three times and were set aside",
            "look at campana.poison: it says why, and keeps them",
        )
    if row["waiting"] and not somebody:
        return warn("events", f"{waiting}, and nobody dispatches", "start python main.py serve")
    if row["waiting"] and row["oldest"] > LATE:
        says = f"{waiting}, the oldest for {row['oldest']:.0f} s"
        return warn("events", says, "start more processes, or see what slows the database down")
    return ok("events", f"{waiting}; {'a server dispatches' if somebody else 'no server runs'}")
