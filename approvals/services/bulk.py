"""Several decisions at once: each by the same service as a single one, each with an answer of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from approvals.models import Decision
from approvals.selectors import get_request
from approvals.services.decisions import decide
from core.errors import CollabError, Invalid, Stale, WrongState
from teams.actors import Actor

MOST = 100


class Outcome(StrEnum):
    """What became of one of them."""

    DONE = "done"
    STALE = "stale"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Choice:
    """One request as it was looked at: its revision and step, and in whose place it is decided."""

    request_id: UUID
    revision_id: UUID
    step_id: UUID
    for_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a choice; `why` where it was not decided."""

    choice: Choice
    outcome: Outcome
    decision: Decision | None = None
    why: str = ""


def decide_many(*, choices: Sequence[Choice], verdict: str, note: str = "", by: Actor) -> list[Answer]:
    """Decide on each, apart from the others: what is refused or has moved on undoes nothing of the rest.

    Each is a savepoint of its own, taken in the order of the requests, so that two who decide on the same ones at
    once wait for each other and never in a circle.
    Raises: Invalid for none or too many, and for what no single one could be decided with. Records: as decide.
    """
    if not 1 <= len(choices) <= MOST:
        message = _("Choose 1 to %(n)d.") % {"n": MOST}
        raise Invalid(message, fields={"item": [message]})
    once = {choice.request_id: choice for choice in choices}
    answers = {
        ident: _decide_one(once[ident], verdict, note, by)
        for ident in sorted(once, key=lambda one: one.bytes)
    }
    return [answers[ident] for ident in once]


def _decide_one(choice: Choice, verdict: str, note: str, by: Actor) -> Answer:
    by.cache.clear()
    try:
        with transaction.atomic():
            made = decide(
                request=get_request(by, choice.request_id),
                verdict=verdict,
                revision_id=choice.revision_id,
                note=note,
                by=by,
                for_=choice.for_id,
                step_id=choice.step_id,
            )
    except Invalid:
        raise
    except (WrongState, Stale) as error:
        return Answer(choice, Outcome.STALE, why=error.message)
    except CollabError as error:
        return Answer(choice, Outcome.REFUSED, why=error.message)
    return Answer(choice, Outcome.DONE, made)
