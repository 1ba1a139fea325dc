"""Subject references: how one app points at a thing of another without a foreign key."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Ref:
    """A thing by its type (`app.noun`) and id."""

    type: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """Read `app.noun:uuid`. Raises: ValueError."""
        kind, _, ident = text.partition(":")
        if not kind or not ident:
            raise ValueError(f"not a reference: {text!r}")
        return cls(kind, UUID(ident))
