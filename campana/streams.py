"""The open streams of this process, by tenant and user."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from campana.errors import TooMany
from campana.stream import Stream


class Streams:
    """by_user: tenant → user → streams; nothing is kept of those who have left."""

    def __init__(self, *, most_per_user: int) -> None:
        self.by_user: dict[UUID, dict[UUID, list[Stream]]] = defaultdict(dict)
        self.count = 0
        self._most = most_per_user

    def add(self, stream: Stream) -> None:
        """Raises TooMany for one too many of the same user."""
        reader = stream.reader
        own = self.by_user[reader.tenant_id].setdefault(reader.user_id, [])
        if len(own) >= self._most:
            raise TooMany(
                f"You have {self._most} streams open already.",
                code="too_many_streams",
                hint="Close one, or share one stream between tabs.",
                retry_after=30,
            )
        own.append(stream)
        self.count += 1

    def remove(self, stream: Stream) -> None:
        """Also of one that is gone already."""
        users = self.by_user.get(stream.reader.tenant_id, {})
        own = users.get(stream.reader.user_id, [])
        if stream in own:
            own.remove(stream)
            self.count -= 1
        if not own:
            users.pop(stream.reader.user_id, None)
        if not users:
            self.by_user.pop(stream.reader.tenant_id, None)

    def of(self, tenant_id: UUID, user_ids: Iterable[UUID] | None) -> list[Stream]:
        """Those of these users; None: of the whole tenant."""
        users = self.by_user.get(tenant_id, {})
        ids = users.keys() if user_ids is None else user_ids
        return [stream for user_id in ids for stream in users.get(user_id, ())]

    def users_of(self, tenant_id: UUID) -> int:
        """How many users of a tenant have one."""
        return len(self.by_user.get(tenant_id, ()))

    def every(self) -> list[Stream]:
        """All of them, as a copy."""
        return [s for users in self.by_user.values() for own in users.values() for s in own]
