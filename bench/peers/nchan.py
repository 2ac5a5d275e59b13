"""nchan: publish-subscribe in C inside nginx, one worker, EventSource subscribers."""

import os
import re
import shutil
from pathlib import Path

from bench import payload
from bench.peers.posted import Posted
from bench.post import request
from bench.process import Child, MissingError, run

MODULES = (Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"))
CONFIG = Path(__file__).with_name("nchan.conf")


class Nchan(Posted):
    name, title, path = "nchan", "nchan (C, nginx)", "/sub"

    async def setup(self, install: bool) -> None:
        if not self.found() and install:
            await debian("libnginx-mod-nchan", "nginx")
        if not self.found():
            raise MissingError("nginx with ngx_nchan_module is not installed")
        nginx = await run(["nginx", "-v"])
        self.version = nginx.strip().rpartition("/")[2]
        if shutil.which("dpkg-query"):
            package = await run(["dpkg-query", "-W", "-f=${Version}", "libnginx-mod-nchan"])
            self.version = f"{re.sub('^1:', '', package)}, nginx {self.version}"

    def found(self) -> Path | None:
        if not shutil.which("nginx"):
            return None
        files = (folder / "ngx_nchan_module.so" for folder in MODULES)
        return next((file for file in files if file.exists()), None)

    def launch(self, home: Path) -> Child:
        config = home / "nginx.conf"
        config.write_text(
            CONFIG.read_text()
            .replace("{module}", str(self.found()))
            .replace("{user}", "user root;" if os.geteuid() == 0 else "")
            .replace("{port}", str(self.port))
        )
        argv: list[str | Path] = ["nginx", "-p", home, "-e", home / "error.log", "-c", config]
        return Child(argv, home / "nchan.log")

    def messages(self, first: int, last: int) -> list[bytes]:
        return [
            request(
                "/pub",
                payload.encode(payload.event(number)),
                "Content-Type: application/json",
                "X-EventSource-Event: notification",
            )
            for number in range(first, last + 1)
        ]


async def debian(*packages: str) -> None:
    """Installs Debian packages, where that is possible, without starting their services."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise MissingError(f"needs the Debian packages {' '.join(packages)} (root installs them)")
    quiet = ["env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    await run([*quiet, "update"])
    await run([*quiet, "install", "-y", "--no-install-recommends", *packages])
