"""Posts as a board: a column for each state of work, capped, with its count, in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from calendar_app.chips import channels_of
from calendar_app.selectors import PostFilter, posts_visible_to
from calendar_app.states import PostState
from core.together import ask
from teams.actors import Actor

S = PostState
CARDS, MOST_COUNTED = 25, 1000
COLUMNS: Sequence[Sequence[str]] = (
    (S.DRAFT,),
    (S.IN_REVIEW,),
    (S.CHANGES_REQUESTED, S.REJECTED),
    (S.APPROVED,),
    (S.SCHEDULED, S.PUBLISHING),
    (S.NEEDS_ATTENTION, S.FAILED, S.EXPIRED, S.PARTLY_PUBLISHED),
    (S.PUBLISHED,),
)
LATEST_FIRST = (S.PUBLISHED, S.PARTLY_PUBLISHED, S.NEEDS_ATTENTION, S.FAILED, S.EXPIRED)
FIELDS = ("id", "headline", "state", "scheduled_at", "author__user__name", "campaign_id", "campaign__name")


@dataclass(frozen=True, slots=True)
class Card:
    """One post on the board."""

    id: UUID
    words: str
    state: str
    at: datetime | None
    author: str
    campaign_id: str
    campaign: str
    networks: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class Column:
    """Posts of a few states that ask for the same; `more` of them are not shown, at least so many where `is_many`."""

    states: tuple[str, ...]
    cards: tuple[Card, ...]
    total: int

    @property
    def state(self) -> str:
        """Return the state after which the column is named."""
        return self.states[0]

    @property
    def more(self) -> int:
        """Return how many cards are left out."""
        return max(0, self.total - len(self.cards))

    @property
    def is_many(self) -> bool:
        """Tell whether the count ends before the posts do."""
        return self.total >= MOST_COUNTED


def board_of(by: Actor, wanted: PostFilter) -> list[Column]:
    """Return the columns of the board, nearest first, what is over latest first; in two statements."""
    columns = [
        tuple(state for state in states if not wanted.states or state in wanted.states) for states in COLUMNS
    ]
    shown = [states for states in columns if states]
    rows, counts = {}, {}
    for state in (state for states in shown for state in states):
        found = posts_visible_to(by, replace(wanted, states=(state,)))
        time = F("scheduled_at")
        order = time.desc(nulls_last=True) if state in LATEST_FIRST else time.asc(nulls_last=True)
        rows[state] = found.order_by(order, "id").values(*FIELDS)[:CARDS]
        counts[state] = found.order_by()
    asked = ask(rows, counts, most=MOST_COUNTED)
    merged = [_merged(states, asked.rows) for states in shown]
    places, held = channels_of(by, [UUID(row["id"]) for part in merged for row in part])
    return [
        Column(
            states,
            tuple(_card(row, places, held) for row in part),
            min(MOST_COUNTED, sum(asked.counts[state] for state in states)),
        )
        for states, part in zip(shown, merged, strict=True)
    ]


def _merged(states: Sequence[str], found: Any) -> list[dict[str, Any]]:
    """Put the posts of a column's states into one order, those without a time last."""
    rows = [row for state in states for row in found[state]]
    timed = [row for row in rows if row["scheduled_at"]]
    timed.sort(key=lambda row: datetime.fromisoformat(row["scheduled_at"]), reverse=states[0] in LATEST_FIRST)
    return [*timed, *(row for row in rows if not row["scheduled_at"])][:CARDS]


def _card(row: dict[str, Any], places: Any, held: set[UUID]) -> Card:
    ident = UUID(row["id"])
    return Card(
        id=ident,
        words=row["headline"],
        state=row["state"],
        at=datetime.fromisoformat(row["scheduled_at"]) if row["scheduled_at"] else None,
        author=row["author__user__name"] or "",
        campaign_id=row["campaign_id"] or "",
        campaign=row["campaign__name"] or "",
        networks=tuple(kind for _channel, kind in places.get(ident, ())),
        held=ident in held,
    )
