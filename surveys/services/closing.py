"""What makes an anonymous round one for good: answers without order, and no group that is too small."""

from collections import Counter
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, Value, When

from surveys.models import Answer, Invitee, Round
from surveys.states import FEWEST

_SHUFFLE = """
WITH gone AS (
    DELETE FROM surveys_answer WHERE round_id = %s
    RETURNING workspace_id, round_id, is_anonymous, question_id, group_id, value
)
INSERT INTO surveys_answer (id, workspace_id, round_id, is_anonymous, question_id, group_id, value)
SELECT gen_random_uuid(), workspace_id, round_id, is_anonymous, question_id, group_id, value
FROM gone ORDER BY random()
"""


def shuffle_answers(round_: Round) -> None:
    """Write all answers of an anonymous round anew, in random order with ids drawn by lot.

    PostgreSQL keeps with each row which transaction wrote it and where it lies: without this, whose answer a row is
    could be read off the invitee's row of the same transaction, and the order of answering off the table.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHUFFLE, [round_.pk])


def note_answered(round_: Round, member_id: UUID) -> bool:
    """Note that a member has answered; tell whether he had not before. Of an anonymous round every row is written.

    So the row of who answered last differs in nothing from the others of his round.
    """
    own = Q(member=member_id)
    rows = round_.invitees.all()
    if not rows.filter(own, has_answered=False).exists():
        return False
    if not round_.is_anonymous:
        return bool(rows.filter(own).update(has_answered=True))
    rows.update(has_answered=Case(When(own, then=Value(value=True)), default="has_answered"))
    return True


def settle_groups(round_: Round) -> None:
    """Join the groups of a closed anonymous round until each that is left is of five or more who answered.

    Whoever belongs to none of them is one group too. What is joined stays joined in the rows themselves, and answers
    of fewer than five in all are deleted, since nobody may ever see them.
    """
    answered: Counter[UUID | None] = Counter(
        round_.invitees.filter(has_answered=True).order_by().values_list("group_id", flat=True)
    )
    if answered.total() < FEWEST:
        Answer.objects.filter(round=round_).delete()
        _join(round_, list(round_.groups.values_list("pk", flat=True)))
        return
    kept = groups_kept({pk: answered[pk] for pk in (None, *round_.groups.values_list("pk", flat=True))})
    _join(round_, [pk for pk in round_.groups.values_list("pk", flat=True) if pk not in kept])
    shuffle_answers(round_)


def groups_kept(sizes: dict[UUID | None, int]) -> set[UUID]:
    """Return which groups stay as they are, given how many of each answered; None are those in no group.

    1. Every group of fewer than five joins those in no group. 2. While these are some, but fewer than five, the
    smallest group that is left joins them. So what is shown is a partition into parts of five or more, and the
    difference of any two things shown is a union of such parts.
    """
    named = {pk: size for pk, size in sizes.items() if pk is not None}
    kept = {pk: size for pk, size in named.items() if size >= FEWEST}
    rest = sizes.get(None, 0) + sum(size for pk, size in named.items() if pk not in kept)
    while kept and 0 < rest < FEWEST:
        smallest = min(kept, key=lambda pk: (kept[pk], pk))
        rest += kept.pop(smallest)
    return set(kept) if len(kept) > 1 or (kept and rest) else set()


def _join(round_: Round, group_ids: list[UUID]) -> None:
    Answer.objects.filter(round=round_, group__in=group_ids).update(group=None)
    Invitee.objects.filter(round=round_, group__in=group_ids).update(group=None)
    round_.groups.filter(pk__in=group_ids).delete()
