"""Which connection does what: the application's role works, the owner's migrates."""

from typing import Any


class OwnerMigrates:
    """Let migrations run through the owner's connection only."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Allow schema changes on the owner's connection."""
        return db == "owner"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        """Let rows loaded over either connection refer to each other: it is one database."""
        return True
