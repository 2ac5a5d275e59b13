"""Stories told by real browsers: one Chromium and one Firefox for all, and so one event loop."""

import pytest

IN_BROWSERS = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
"""The `pytestmark` of each module here."""
