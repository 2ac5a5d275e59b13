"""What the doctor looks at on this host, and in its settings."""

import resource
from collections.abc import Iterator

from campana.doctor.finding import Finding, ok, warn
from campana.settings import Settings

ENOUGH_FILES = 4096
NOT_STREAMS = 100  # open files of a process beside its streams


def open_files() -> Finding:
    """Every stream is an open file."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return ok("open files", "no limit")
    streams = f"{limit:,} allowed: about {max(0, limit - NOT_STREAMS):,} streams in a process"
    if limit >= ENOUGH_FILES:
        return ok("open files", streams)
    return warn("open files", streams, "ulimit -n 65536, or LimitNOFILE=65536 for systemd")


def second_bus(settings: Settings) -> Iterator[Finding]:
    """Nothing where none is asked for."""
    if settings.redis_url:
        says = "REDIS_URL is set and not used yet: hints go through PostgreSQL"
        yield warn("second bus", says, "unset it, or leave it: nothing is lost either way")
