"""Named queries from sql/queries/<noun>.sql, as `queries.<noun>.<name>`.

Call one to run it; take its `.sql` where a hot path wants asyncpg's own fetch.
"""

from pathlib import Path
from types import SimpleNamespace

import aiosql

SQL = Path(__file__).parent.parent / "sql"


def load(folder: Path) -> SimpleNamespace:
    """One attribute per file of `folder`, each holding that file's queries."""
    return SimpleNamespace(
        **{
            file.stem: aiosql.from_path(file, "asyncpg", mandatory_parameters=False)
            for file in sorted(folder.glob("*.sql"))
        }
    )


queries = load(SQL / "queries")
