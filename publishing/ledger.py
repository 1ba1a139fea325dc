"""The ledger's statements across workspaces: claims by the database's clock, through the sweeper's functions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from networks.adapters import adapters
from publishing import timing
from publishing.statements import PAUSE_LOCK


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this process, and no other, may work on while its token stands.

    Claims of one `bundle` of a channel are carried together, one after the other, in one slot of the workers.
    """

    workspace_id: UUID
    delivery_id: UUID
    token: UUID
    channel_id: UUID | None = None
    bundle: int = 0


def bundles(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Return the claims as messages carry them: together what was claimed together, of one channel each.

    So nothing waits behind a network that is not its own.
    """
    found: dict[tuple[object, int], list[Claim]] = {}
    for claim in claims:
        found.setdefault((claim.channel_id or claim.delivery_id, claim.bundle), []).append(claim)
    return list(found.values())


def as_message(bundle: Sequence[Claim]) -> dict[str, str]:
    """Return a bundle as a message carries it."""
    pairs = ",".join(f"{claim.delivery_id}:{claim.token}" for claim in bundle)
    return {"workspace_id": str(bundle[0].workspace_id), "claims": pairs}


def from_message(workspace_id: UUID, claims: str) -> list[Claim]:
    """Read the bundle of a message."""
    pairs = [pair.split(":") for pair in claims.split(",")]
    return [Claim(workspace_id, UUID(ident), UUID(token)) for ident, token in pairs]


def claim_due(
    batch: int = timing.BATCH,
    *,
    slots: int = timing.MOST_SLOTS,
    most_in_message: int = timing.MOST_IN_A_MESSAGE,
    is_far: bool = True,
) -> list[Claim]:
    """Claim due deliveries of all workspaces, each its share; full batches follow each other at once.

    `slots` is how many calls the workers can make at once; no more bundles than that are under way, and no
    workspace, network, application or channel has all of them. `is_far` looks beyond the head of a long line.
    """
    arguments: list[int | str] = [batch, timing.CLAIM_LEASE, max(1, slots), most_in_message, is_far, _paces()]
    return _claims("publishing_claim_due(%s, %s, %s, %s, %s, %s)", arguments)


def claim_preparing(batch: int = timing.BATCH) -> list[Claim]:
    """Claim deliveries whose media can be carried over ahead of their time."""
    return _claims("publishing_claim_preparing(%s, %s)", [batch, timing.UPLOAD_LEASE])


def take_over(batch: int) -> list[Claim]:
    """Claim what is overdue and lies with a worker that never began, or in a message that was lost."""
    return _claims("publishing_take_over(%s, %s, %s)", [batch, timing.CLAIM_LEASE, timing.RESCUE_AFTER])


def claim_unsettled(batch: int = timing.BATCH) -> list[Claim]:
    """Claim unknown outcomes that the network can be asked about now."""
    return _claims("publishing_claim_unsettled(%s, %s)", [batch, timing.SETTLE_LEASE])


def release_claims(batch: int = timing.BATCH) -> int:
    """Give back claims that nobody carried out in time; nothing was sent for them."""
    return int(_one("SELECT publishing_release_claims(%s)", [batch])[0])


def lose_calls(batch: int = timing.BATCH) -> int:
    """Mark the calls whose worker was lost as unknown."""
    return int(_one("SELECT publishing_lose_calls(%s)", [batch])[0])


def due_to_expire(batch: int = timing.BATCH) -> list[tuple[UUID, UUID]]:
    """Return workspace and delivery of what could not be sent within its time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, id FROM publishing_due_to_expire(%s)", [batch])
        return list(cursor.fetchall())


def hand_waiting(batch: int = timing.BATCH) -> list[tuple[UUID, UUID]]:
    """Return workspace and delivery of what people were asked to post by hand and have not confirmed in time."""
    seconds = [int(timing.REMIND_AFTER.total_seconds()), int(timing.ESCALATE_AFTER.total_seconds())]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, id FROM publishing_hand_waiting(%s, %s, %s)", [*seconds, batch])
        return list(cursor.fetchall())


def overdue() -> tuple[float, float]:
    """Return by how many seconds the oldest waiting and the oldest claimed delivery is overdue, 0 for none."""
    scheduled, claimed = _one("SELECT * FROM publishing_overdue()", [])
    return max(0.0, scheduled), max(0.0, claimed)


def counts() -> dict[str, int]:
    """Return how many deliveries stand in each state that is not final, over all workspaces."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT state, n FROM publishing_counts()")
        return dict(cursor.fetchall())


def count_up(name: str, n: int) -> None:
    """Add to a tally; nothing is written for nothing."""
    if n:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO publishing_tally AS t (name, n) VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET n = t.n + excluded.n",
                [name, n],
            )


def tallies() -> dict[str, int]:
    """Return every tally by its name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT name, n FROM publishing_tally")
        return dict(cursor.fetchall())


def channel_health() -> list[tuple[str, int, float]]:
    """Return by trouble (`none` for well) how many connected channels have it, and when the first log-in ends.

    Units: seconds from now, NaN where no log-in of these is known to end.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT trouble, n, ends_in_seconds FROM networks_channel_health()")
        return list(cursor.fetchall())


def take_pause_lock(workspace_id: UUID, *, shared: bool = False) -> None:
    """Wait until no intent of the workspace is being written, and keep new ones waiting until the commit."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, %s))", [str(workspace_id), PAUSE_LOCK])


def _paces() -> str:
    """Return the paces of the networks that have one, as the claim reads them."""
    known = {kind: adapter.pace for kind, adapter in adapters.items()}
    return json.dumps({kind: [pace.every_seconds, pace.burst] for kind, pace in known.items() if pace})


def _claims(call: str, arguments: Sequence[int | str]) -> list[Claim]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {call}", arguments)  # noqa: S608  # the calls stand above, literally
        return [
            Claim(workspace_id, ident, token, *rest)
            for ident, workspace_id, token, *rest in cursor.fetchall()
        ]


def _one(sql: str, arguments: list[int]) -> tuple[float, ...]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return tuple(cursor.fetchone() or ())
