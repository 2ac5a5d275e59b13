"""`python -m bench`: everything side by side in one run; results in bench/results/latest.*."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from bench import (
    administration,
    browser,
    chart,
    contest,
    growing,
    inbox,
    latency,
    layers,
    memory,
    preferences,
    publishing,
    report,
)
from bench.campana import Campana
from bench.contestant import Contestant
from bench.generator import BenchError
from bench.manifest import manifest
from bench.peers.floor import Floor
from bench.peers.nchan import Nchan
from bench.peers.python_socketio import PythonSocketIO
from bench.peers.socketio import SocketIO
from bench.plan import FULL, QUICK, SECTIONS, Plan
from bench.process import MissingError
from bench.targets import Raw

RESULTS = Path(__file__).parent / "results"
GROWING = {"inbox": inbox.play, "administration": administration.play}
"""Sections that ask the same tenant while it grows."""


class Bench:
    """One run: contestants that could start, and what was found so far."""

    def __init__(self, plan: Plan, only: set[str]) -> None:
        self.plan = plan
        self.only = only
        self.campana = Campana(plan.subscribers)
        self.raw: Raw = {"quick": plan is QUICK, "contestants": {}, "missing": {}, "rounds": []}
        self.playing: list[Contestant] = []

    def wants(self, section: str) -> bool:
        chosen = self.only & set(SECTIONS)
        return section in chosen or (not chosen and (not self.only or section == "contest"))

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            await self.assemble(stack)
            self.raw["manifest"] = await self.facts()
            if self.wants("contest"):
                await self.contest()
            if self.campana in self.playing:
                await self.figures()
            if any(map(self.wants, GROWING)):
                await self.grown(stack)

    async def assemble(self, stack: AsyncExitStack) -> None:
        """Sets up and starts everybody; who cannot is named with the reason."""
        everybody: list[Contestant] = (
            [self.campana] if self.only - set(GROWING) or not self.only else []
        )
        if self.wants("contest"):
            everybody += [Nchan(), SocketIO(), PythonSocketIO(), Floor()]
        names = self.only - set(SECTIONS)
        for one in everybody:
            if names and one.name not in names:
                continue
            say(f"{one.title}: setting up")
            home = stack.enter_context(directory())
            stack.push_async_callback(one.stop)
            try:
                await one.setup(self.plan.install)
                await one.start(home)
            except MissingError as reason:
                say(f"{one.title}: missing, {reason}")
                self.raw["missing"][one.title] = str(reason)
                continue
            self.raw["contestants"][one.name] = one.title
            self.playing.append(one)

    async def facts(self) -> dict[str, object]:
        facts = await manifest()
        facts["contestants"] = {one.title: one.version for one in self.playing}
        facts["modes"] = {mode.name: [mode.burst, mode.window] for mode in contest.MODES}
        facts["plan"] = vars(self.plan)
        if self.campana in self.playing:
            facts["database"] = await self.campana.database_settings()
        return facts

    async def contest(self) -> None:
        """Interleaved, so that whatever the machine does meets everybody alike."""
        for number in range(self.plan.rounds):
            for one in self.playing:
                played = await contest.play(one, self.plan.subscribers, self.plan.contest)
                self.raw["rounds"] += [found.facts() for found in played]
                speeds = " · ".join(f"{found.deliveries_per_second:,.0f}" for found in played)
                say(f"round {number + 1}, {one.title}: {speeds} deliveries/s")

    async def figures(self) -> None:
        """Campana by itself."""
        if self.wants("latency"):
            await self.latency()
        if self.wants("http"):
            self.raw["http"] = [
                await publishing.by_http(self.campana, self.plan.publishing)
                for _ in range(self.plan.rounds)
            ]
            say(f"by HTTP: {self.raw['http']}")
        if self.wants("memory"):
            self.raw["memory"] = await memory.play(self.campana, self.plan.idle)
            say(f"KiB per idle stream: {self.raw['memory']}")
        if self.wants("browser"):
            await self.browser()
        if self.wants("sql"):
            await self.sql()

    async def latency(self) -> None:
        await self.campana.rest()
        rounds = [
            await latency.play(self.campana, self.plan.subscribers, self.plan.latency)
            for _ in range(self.plan.rounds)
        ]
        self.raw["latency"] = {}
        for load in latency.LOADS:
            everything = [one[load.name] for one in rounds]
            merged = sum((samples for samples, _ in everything[1:]), everything[0][0])
            self.raw["latency"][load.name] = {
                **latency.percentiles(merged),
                "samples": len(merged),
                "rounds": [
                    {**latency.percentiles(samples), **facts} for samples, facts in everything
                ],
            }
            say(f"latency, {load.name}: {latency.percentiles(merged)}")

    async def browser(self) -> None:
        try:
            self.raw["browser"] = await browser.play(self.campana, self.plan.rings)
            say(f"badge in a browser: {self.raw['browser']}")
        except MissingError as reason:
            self.raw["missing"]["event → badge in a browser"] = str(reason)
            say(f"browser: missing, {reason}")

    async def grown(self, stack: AsyncExitStack) -> None:
        """On a server of its own, which begins empty."""
        campana = Campana(self.plan.subscribers)
        home = stack.enter_context(directory())
        stack.push_async_callback(campana.stop)
        try:
            await campana.setup(self.plan.install)
            await campana.start(home)
        except MissingError as reason:
            self.raw["missing"]["big inboxes"] = str(reason)
            return
        sections = {name: play for name, play in GROWING.items() if self.wants(name)}
        self.raw |= await growing.play(campana, self.plan.inbox, sections, self.plan.asked)
        for name in sections:
            say(f"{name} of a growing tenant: {self.raw[name]}")
        if "administration" in sections:
            await self.preferences(campana)

    async def preferences(self, campana: Campana) -> None:
        """Pages while it serves, then the fan-out by itself."""
        self.raw["preferences"] = await preferences.play(campana, self.plan.people, self.plan.asked)
        say(f"preferences: {self.raw['preferences']}")
        await campana.dispatched()
        await campana.stop_serving()
        self.raw["layers"] = await layers.play(campana, self.plan.turns)
        say(f"fan_out() with layers: {self.raw['layers']}")

    async def sql(self) -> None:
        """With the dispatcher running, then without the serving process."""
        found = self.raw["sql"] = {"running": [], "stopped": []}
        for state in ("running", "stopped"):
            if state == "stopped":
                await self.campana.stop_serving()
            for _ in range(self.plan.rounds):
                found[state].append(await publishing.by_sql(self.campana, self.plan.publishing))
                if state == "running":
                    await self.campana.dispatched()
            say(f"by SQL, dispatcher {state}: {found[state]}")


@contextmanager
def directory() -> Iterator[Path]:
    """An empty directory that the database's account may enter, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="campana-bench-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o755)
        yield Path(path)


def say(words: str) -> None:
    """Progress, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def keep(raw: Raw) -> None:
    """latest.json, latest.md and latest.svg."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(raw, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / "latest.json").write_text(text)
    (RESULTS / "latest.md").write_text(report.markdown(raw))
    if raw["rounds"]:
        (RESULTS / "latest.svg").write_text(chart.svg(raw))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of under a minute")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"a section ({', '.join(SECTIONS)}) or a contestant (campana, nchan, socketio, …)",
    )
    return parser.parse_args()


def main() -> int:
    options = arguments()
    bench = Bench(QUICK if options.quick else FULL, set(options.only))
    try:
        asyncio.run(bench.run())
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(report.markdown(bench.raw))
    if not options.quick and not options.only:
        keep(bench.raw)
    return 0


if __name__ == "__main__":
    sys.exit(main())
