"""What the documents claim is what the code says."""

from pathlib import Path

from campana.reference import events_page

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_of_events_is_the_one_generated_from_their_docstrings() -> None:
    assert (DOCS / "events.md").read_text() == events_page(), (
        "run: python -m campana.reference > docs/events.md"
    )
