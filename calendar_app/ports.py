"""What the calendar asks of the app above it, in its own transactions."""

from typing import Protocol
from uuid import UUID

from calendar_app.models import Post, Revision
from core.registry import Port
from teams.actors import Actor


class Clearance(Protocol):
    """The proof that a revision may be sent, as `approvals` keeps it."""

    id: UUID
    content_hash: str


class Dispatcher(Protocol):
    """Keeps the deliveries of posts in step with their planned times."""

    def planned(self, post: Post, revision: Revision, clearance: Clearance, by: Actor) -> None:
        """Write the deliveries of a cleared revision at the post's, or each variant's own, time."""
        ...

    def moved(self, post: Post, by: Actor) -> None:
        """Move the deliveries to the post's new time. Raises: WrongState when one is under way."""
        ...

    def withdrawn(self, post: Post, reason: str, by: Actor) -> None:
        """Cancel what was not sent yet. Raises: WrongState when one is under way."""
        ...


dispatcher: Port[Dispatcher] = Port("calendar_app.ports.dispatcher")
