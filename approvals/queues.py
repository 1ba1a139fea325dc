"""The queues of approvals, as rows of the database: what the page, the review and programs page through."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Case, DateTimeField, Exists, OuterRef, Q, QuerySet, UUIDField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.http import QueryDict

from approvals.models import Request
from approvals.permissions import DECIDE, persons_of
from approvals.registry import Description, Narrowing, approvables
from approvals.selectors import described, made_by, open_for
from approvals.states import RequestState
from approvals.waiting import due_of_open_step, id_of_open_step, name_of_open_step, to_change
from core.clock import now
from core.menus import ids_in
from core.paging import keyset, page_of
from core.written import Written, written
from teams.actors import Actor
from teams.alike import ids_of, is_plain
from teams.models import Membership
from teams.permissions import covered_actors, selves
from teams.subjects import seen_subjects, sees_alike
from teams.work import in_whose_place

TABS = ("waiting", "others", "back", "expired")
FILTERS = ("network", "campaign", "label", "author")
ALL, MINE, COVERED = "all", "mine", "covered"
MOST = 1000
PAGE = 50
_NEVER = "9999-12-31T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which queue, whose part of it, and narrowed to what."""

    tab: str = "waiting"
    whose: str = ALL
    wanted: Narrowing = field(default_factory=Narrowing)

    @property
    def query(self) -> str:
        """Return the part of an address that asks for the same, empty for all that waits."""
        chosen = [("tab", self.tab if self.tab != TABS[0] else ""), ("whose", self.whose)]
        pairs = [(name, value) for name, value in chosen if value and value != ALL]
        for name, values in zip(FILTERS, _values(self.wanted), strict=True):
            pairs += [(name, str(value)) for value in values]
        return f"?{urlencode(pairs)}" if pairs else ""


@dataclass(frozen=True, slots=True)
class Card:
    """A request in a queue, with what is shown of it; `covered` is in whose place the reader would act."""

    request: Request
    description: Description
    covered: Membership | None = None

    @property
    def step_name(self) -> str:
        """Return what the step that waits is called."""
        name: str = self.request.step_name or ""  # type: ignore[attr-defined]  # annotated by `queue_rows`
        return name

    @property
    def step_id(self) -> UUID | None:
        """Return which step waits."""
        ident: UUID | None = self.request.waits_in  # type: ignore[attr-defined]  # annotated by `queue_rows`
        return ident

    @property
    def due_at(self) -> datetime | None:
        """Return when the step that waits is due."""
        due: datetime | None = self.request.step_due  # type: ignore[attr-defined]  # annotated by `queue_rows`
        return due


def asked_in(query: QueryDict) -> Asked:
    """Read from an address or a form what is asked for; what makes no sense is left out."""
    networks = tuple(kind for kind in query.getlist("network")[:50] if kind.isidentifier())
    ids = [ids_in(query.getlist(name)[:50]) for name in FILTERS[1:]]
    return Asked(
        next((name for name in TABS if name == query.get("tab")), TABS[0]),
        query.get("whose", ALL)[:40] or ALL,
        Narrowing(networks, *ids),
    )


def queue_rows(by: Actor, asked: Asked) -> QuerySet[Request]:
    """Return a queue's requests in no order, with `place`, `moment`, `step_name`, `step_due` and `waits_in`.

    `place` is in whose place the actor would act, None for himself; `moment` is what a queue is ordered by: when the
    step is due, else when the thing goes out, else never.
    """
    rows, place = _rows(by, asked)
    return _annotated(rows, place, asked.tab)


def _annotated(rows: QuerySet[Request], place: Combinable | None, tab: str) -> QuerySet[Request]:
    due, slot = due_of_open_step(), _slot()
    whose = place if place is not None else Value(None, output_field=UUIDField())
    moment = slot if tab == "expired" else Coalesce(due, slot, Cast(Value(_NEVER), DateTimeField()))
    return rows.annotate(
        place=whose, moment=moment, step_due=due, step_name=name_of_open_step(), waits_in=id_of_open_step()
    )


def _rows(by: Actor, asked: Asked) -> tuple[QuerySet[Request], Combinable | None]:
    rows, place = _QUEUES[asked.tab](by, asked.whose)
    return (rows.filter(_fits(by, asked.wanted)) if asked.wanted.is_narrow else rows), place


def order_of(asked: Asked) -> Sequence[str]:
    """Return what a queue is ordered by: what is most urgent first, what is one's own latest first."""
    if asked.tab in ("others", "back"):
        return ("-submitted_at", "-pk")
    return ("moment", "submitted_at", "pk")


def cards(
    by: Actor, asked: Asked, cursor: str | None = None, size: int = PAGE
) -> tuple[list[Card], str | None]:
    """Return a page of a queue and the cursor of the next one. Raises: Invalid for a foreign cursor."""
    if not cursor and not asked.wanted.is_narrow and asked.tab == TABS[0] and _asks_alike(by):
        page = page_of(_first_rows(by, size + 1), by=order_of(asked), size=size)
    else:
        page = keyset(queue_rows(by, asked), by=order_of(asked), cursor=cursor, size=size)
    words = described(by, page.rows)
    people = {one.covered.pk: one.covered for one in covered_actors(by) if one.covered}
    found = [
        Card(row, words[row.pk], people.get(row.place))  # type: ignore[attr-defined]  # annotated above
        for row in page.rows
        if row.pk in words
    ]
    return found, page.next


def queue_ids(by: Actor, asked: Asked) -> list[UUID]:
    """Return the requests of a queue in their order, the first thousand."""
    rows = queue_rows(by, asked).order_by(*order_of(asked))
    return list(rows.values_list("pk", flat=True)[:MOST])


def counted(by: Actor, asked: Asked) -> dict[str, QuerySet[Request, Any] | Written]:
    """Return what to count for the tabs and, by `whose:…`, for the parts of what waits, within the filters."""
    if not asked.wanted.is_narrow and _asks_alike(by):
        return {tab: _kept(by, tab) for tab in TABS}
    found = {tab: _rows(by, Asked(tab, wanted=asked.wanted))[0] for tab in TABS}
    covered = [str(one.covered.pk) for one in covered_actors(by) if one.covered]
    if covered:
        for whose in (MINE, COVERED, *covered):
            found[f"whose:{whose}"] = _rows(by, Asked(whose=whose, wanted=asked.wanted))[0]
    return {name: rows.values("pk") for name, rows in found.items()}


def _kept(by: Actor, tab: str) -> QuerySet[Request, Any] | Written:
    """Return what one tab counts, compiled once for all who ask it alike; one with an instant in it never is."""
    build = _ALIKE.get(tab)
    if build is None:
        return _QUEUES[tab](by, ALL)[0].values("pk")
    key = ("approvals.queues", tab, by.kind, by.verbs)
    return written(key, ids_of(by), lambda: build(by).order_by().values("pk"))


def _asks_alike(by: Actor) -> bool:
    return DECIDE in by.verbs and is_plain(by) and sees_alike(by)


def _first_rows(by: Actor, most: int) -> list[Request]:
    """Return the first rows of what waits, as `queue_rows` has them; compiled once for all who ask it alike."""

    def build() -> QuerySet[Request]:
        rows = _annotated(_ALIKE[TABS[0]](by), None, TABS[0])
        return rows.order_by(*order_of(Asked()))[:most]

    asked = written(("approvals.queues.first", most, by.kind, by.verbs), ids_of(by), build)
    return list(Request.objects.raw(asked.sql, asked.params))


_ALIKE: Mapping[str, Callable[[Actor], QuerySet[Request]]] = {
    "waiting": lambda by: Request.objects.filter(open_for(by), seen_subjects(by)),
    "others": lambda by: Request.objects.filter(made_by(by), seen_subjects(by), state=RequestState.OPEN),
    "back": lambda by: to_change(by)[0],
}
"""The tabs as questions that name nobody but who asks: who is behind him is a part of them."""


def _to_decide(by: Actor, whose: str) -> tuple[QuerySet[Request], Combinable | None]:
    wanted, place = _deciding(by, whose)
    return Request.objects.filter(wanted, seen_subjects(by)).order_by(), place


def _deciding(by: Actor, whose: str) -> tuple[Q, Combinable | None]:
    if "deciding" not in by.cache:
        by.cache["deciding"] = _parts(by)
    own, covered = by.cache["deciding"]
    kept = {ident: theirs for ident, theirs in covered.items() if whose in (ALL, COVERED, str(ident))}
    mine = own if whose in (ALL, MINE) else None
    wanted = reduce(or_, [one for one in (mine, *kept.values()) if one is not None], Q(pk__in=[]))
    return wanted, in_whose_place(mine, kept)


def _parts(by: Actor) -> tuple[Q | None, Mapping[UUID, Q]]:
    """Return the conditions on what waits for the actor himself, and for each whom he covers."""
    own: Q | None = None
    covered: dict[UUID, Q] = {}
    for one in selves(by, DECIDE):
        if DECIDE not in one.verbs or one.member is None:
            continue
        if one.covered is None:
            own = open_for(one, persons_of(one))
        else:
            known = covered.get(one.covered.pk)
            covered[one.covered.pk] = open_for(one) if known is None else known | open_for(one)
    return own, covered


def _for_others(by: Actor, _whose: str) -> tuple[QuerySet[Request], Combinable | None]:
    made = Q(made_by(by, persons_of(by)), state=RequestState.OPEN)
    return Request.objects.filter(made, seen_subjects(by)).order_by(), None


def _sent_back(by: Actor, _whose: str) -> tuple[QuerySet[Request], Combinable | None]:
    return to_change(by)


def _expired(by: Actor, _whose: str) -> tuple[QuerySet[Request], Combinable | None]:
    wanted, place = _deciding(by, ALL)
    rows = Request.objects.filter(
        wanted | made_by(by, persons_of(by)), seen_subjects(by), state=RequestState.OPEN
    )
    return rows.alias(lost_slot=_slot()).filter(lost_slot__lte=now()).order_by(), place


_QUEUES = {"waiting": _to_decide, "others": _for_others, "back": _sent_back, "expired": _expired}


def _fits(by: Actor, wanted: Narrowing) -> Q:
    found = Q(pk__in=[])
    for kind in approvables.values():
        if kind.narrow is not None:
            rows = kind.narrow(by, wanted).filter(pk=OuterRef("subject_id")).order_by()
            found |= Q(Exists(rows), subject_type=kind.type)
    return found


def _slot() -> Combinable:
    kinds = [kind for kind in approvables.values() if kind.slot is not None]
    cases = [When(subject_type=kind.type, then=kind.slot()) for kind in kinds if kind.slot is not None]
    return Case(*cases, default=_at(None), output_field=DateTimeField())


def _at(moment: datetime | None) -> Value:
    return Value(moment, output_field=DateTimeField())


def _values(wanted: Narrowing) -> tuple[Sequence[Any], ...]:
    return wanted.networks, wanted.campaigns, wanted.labels, wanted.authors
