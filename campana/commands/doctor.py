"""`doctor`: is everything as it should be, and if not, what to do."""

from collections.abc import Sequence

from cyclopts import App

from campana.commands.failures import FAILED
from campana.commands.output import say, say_json
from campana.commands.place import settings_for_command
from campana.doctor import Finding, examine

app = App(name="doctor")


@app.default
async def doctor(*, json: bool = False) -> int:
    """Examine database, rights, LISTEN, poolers and host; say what to do.

    Exit code 1 when something fails, 0 when all is well or only worth a word.

    Args:
        json: print findings as JSON.
    """
    findings = await examine(settings_for_command())
    healthy = all(finding.state != "fail" for finding in findings)
    if json:
        say_json({"ok": healthy, "findings": [finding.as_dict() for finding in findings]})
    else:
        _tell(findings)
    return 0 if healthy else FAILED


def _tell(findings: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        say(f"{finding.state:<4}  {finding.check:<{width}}  {finding.says}")
        if finding.advice:
            say(f"{'':<4}  {'':<{width}}  → {finding.advice}")
