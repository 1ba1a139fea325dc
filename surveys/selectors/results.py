"""What came of a round: counts and words, never of fewer than five people where nobody gave a name."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, JSONField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from core.errors import NotFound
from surveys.models import Answer, Question, Round, RoundGroup
from surveys.permissions import SEE_RESULTS
from surveys.selectors.rounds import groups_of, questions_of
from surveys.states import FEWEST, SCALE, QuestionKind
from teams.actors import Actor
from teams.permissions import require

MOST_WORDS_SHOWN = 20
PAGE = 50
Counts = dict[int, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One possible answer: how many gave it, of how many who answered the question."""

    label: str
    count: int
    of: int

    @property
    def percent(self) -> int:
        """Return the share in whole percent."""
        return round(100 * self.count / self.of) if self.of else 0


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words, and whose it is where the round asked by name."""

    text: str
    who: str = ""


@dataclass(slots=True)
class Part:
    """The answers of everybody, or of one group."""

    name: str
    answered: int
    bars: list[Bar] = field(default_factory=list)
    mean: float | None = None


@dataclass(slots=True)
class Result:
    """What came of one question. `is_hidden`: too few answered it for anything to be shown."""

    question: Question
    whole: Part
    parts: list[Part] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    is_hidden: bool = False

    @property
    def is_text(self) -> bool:
        """Tell whether it is answered in words."""
        return self.question.kind == QuestionKind.TEXT

    @property
    def has_more(self) -> bool:
        """Tell whether there are more answers in words than are shown with the others."""
        return self.is_text and self.whole.answered > len(self.words)


@dataclass(slots=True)
class Results:
    """What came of a round. `is_hidden`: fewer than five answered it without names, so nothing is shown."""

    round: Round
    asked: int
    answered: int
    results: list[Result]
    groups: list[RoundGroup]
    is_hidden: bool


def results_of(by: Actor, round_: Any) -> Results:
    """Return what came of a closed round; five statements however many answered.

    Of a round without names, a question is shown only where five or more answered it, and its groups only where five
    or more of each did. Words are shown for all together, in the order of the alphabet. Raises: NotAllowed.
    """
    require(by, SEE_RESULTS, round_)
    answered = round_.answered or 0
    found = Results(round_, round_.asked or 0, answered, [], [], is_hidden=_too_few(round_, answered))
    if found.is_hidden:
        return found
    found.groups = groups_of(round_)
    questions = questions_of(round_)
    sizes, counts = _sizes(round_), _counts(round_)
    words = _first_words(round_, [one for one in questions if one.kind == QuestionKind.TEXT], sizes)
    found.results = [
        _result(round_, one, sizes[one.pk], counts[one.pk], groups=found.groups, words=words.get(one.pk, []))
        for one in questions
    ]
    return found


def words_of(by: Actor, round_: Any, question_id: UUID, page: str | None) -> tuple[Question, Page[Any]]:
    """Return a page of the answers in words to one question. Raises: NotAllowed; NotFound, also for too few."""
    require(by, SEE_RESULTS, round_)
    question = Question.objects.filter(
        pk=question_id, survey=round_.survey_id, kind=QuestionKind.TEXT
    ).first()
    if question is None:
        raise NotFound(_("There is no such question."))
    rows = _words(round_).filter(question=question)
    pages = Paginator(rows, PAGE)
    if _too_few(round_, pages.count) or _too_few(round_, round_.answered or 0):
        raise NotFound(_("Too few people answered this for anything to be shown."))
    return question, pages.get_page(page)


def words_shown(round_: Round, row: Answer) -> Words:
    """Return an answer in words as it is shown."""
    member = None if round_.is_anonymous else row.member
    return Words(str(row.value), member.user.name if member else "")


def _too_few(round_: Round, count: int) -> bool:
    return bool(round_.is_anonymous) and count < FEWEST


def _sizes(round_: Round) -> dict[UUID, dict[UUID | None, int]]:
    """Return how many answered each question, by group."""
    found: dict[UUID, dict[UUID | None, int]] = defaultdict(dict)
    rows = Answer.objects.filter(round=round_).order_by().values("question_id", "group_id")
    for row in rows.annotate(n=Count("pk")):
        found[row["question_id"]][row["group_id"]] = row["n"]
    return found


def _counts(round_: Round) -> dict[UUID, dict[UUID | None, Counts]]:
    """Return how often each mark or option was given, by question and group."""
    found: dict[UUID, dict[UUID | None, Counts]] = defaultdict(lambda: defaultdict(dict))
    rows = Answer.objects.filter(~Q(question__kind=QuestionKind.TEXT), round=round_).order_by()
    values = rows.values("question_id", "group_id", given=Cast(F("value"), JSONField()))
    for row in values.annotate(n=Count("pk")):
        counts = found[row["question_id"]][row["group_id"]]
        given = row["given"] if isinstance(row["given"], list) else [row["given"]]
        for one in given:
            counts[one] = counts.get(one, 0) + row["n"]
    return found


def _words(round_: Round) -> QuerySet[Answer]:
    rows = Answer.objects.filter(round=round_)
    if round_.is_anonymous:
        return rows.order_by("value", "pk")
    return rows.select_related("member__user").order_by("member__user__name", "pk")


def _first_words(
    round_: Round, questions: list[Question], sizes: dict[UUID, dict[UUID | None, int]]
) -> dict[UUID, list[Words]]:
    """Return the first answers in words to each question that may be shown, all in one statement."""
    shown = [one.pk for one in questions if not _too_few(round_, sum(sizes[one.pk].values()))]
    if not shown:
        return {}
    ids: list[QuerySet[Any, Any]] = [
        _words(round_).filter(question=pk).values("pk")[:MOST_WORDS_SHOWN] for pk in shown
    ]
    chosen = Q()
    for part in ids:
        chosen |= Q(pk__in=part)
    found: dict[UUID, list[Words]] = defaultdict(list)
    for row in _words(round_).filter(chosen):
        found[row.question_id].append(words_shown(round_, row))
    return found


def _result(
    round_: Round,
    question: Question,
    sizes: dict[UUID | None, int],
    counts: dict[UUID | None, Counts],
    *,
    groups: list[RoundGroup],
    words: list[Words],
) -> Result:
    total = sum(sizes.values())
    if _too_few(round_, total):
        return Result(question, Part("", 0), is_hidden=True)
    merged: Counts = {}
    for part in counts.values():
        for value, n in part.items():
            merged[value] = merged.get(value, 0) + n
    result = Result(question, _part(_("All"), question, total, merged), words=words)
    if groups and question.kind != QuestionKind.TEXT:
        named: list[tuple[UUID | None, str]] = [(group.pk, group.name) for group in groups]
        if None in sizes:
            named.append((None, _("Everybody else")))
        if all(sizes.get(pk, 0) >= FEWEST for pk, _name in named):
            result.parts = [_part(name, question, sizes[pk], counts.get(pk, {})) for pk, name in named]
    return result


def _part(name: str, question: Question, answered: int, counts: Counts) -> Part:
    if question.kind == QuestionKind.TEXT:
        return Part(name, answered)
    labels = (
        [(mark, str(mark)) for mark in SCALE]
        if question.kind == QuestionKind.SCALE
        else list(enumerate(question.options))
    )
    bars = [Bar(label, counts.get(value, 0), answered) for value, label in labels]
    mean = None
    if question.kind == QuestionKind.SCALE and answered:
        mean = sum(value * n for value, n in counts.items()) / answered
    return Part(name, answered, bars, mean)
