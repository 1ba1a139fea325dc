"""Surveys, their rounds and answers, and what members tell of themselves."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.refs import Ref
from surveys.personality import Audience, TraitKind
from surveys.states import QuestionKind, Readers, RoundState, StandardQuestion
from teams.models import Membership, Team
from teams.tenancy import WorkspaceOwned

SURVEY, ROUND, TRAIT = "surveys.survey", "surveys.round", "surveys.trait"


class Survey(WorkspaceOwned):
    """Questions that are asked together, any number of times; once they were asked they stay as they are."""

    title = models.CharField(_("title"), max_length=120)
    intro = models.CharField(max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "-id"], condition=Q(archived_at=None), name="surveys_survey_newest"
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> Ref:
        """Return how the record points at it."""
        return Ref(SURVEY, self.pk)


class Question(WorkspaceOwned):
    """One question; a standard one carries a key and speaks the reader's language."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=12, blank=True, choices=StandardQuestion)
    kind = models.CharField(max_length=8, choices=QuestionKind)
    text = models.CharField(max_length=300)
    options = models.JSONField(default=list)
    is_required = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "survey", "position"], name="surveys_question_position"
            )
        ]

    def __str__(self) -> str:
        return str(StandardQuestion(self.key).label) if self.key else self.text


class Round(WorkspaceOwned):
    """One asking of a survey: whom, from when to when, whether by name, and who sees what came of it.

    `team` is the audience until it opens, None for everybody; whom it asks then are its invitees, and
    `team_name` says what they were. `next_at` is when the dispatcher has something to do with it.
    """

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="rounds")
    state = models.CharField(max_length=12, choices=RoundState, default=RoundState.PLANNED)
    is_anonymous = models.BooleanField(default=True)
    readers = models.CharField(max_length=8, choices=Readers, default=Readers.LEADS)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    team_name = models.CharField(max_length=80, blank=True)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=models.F("opens_at")), name="surveys_round_closes_later"
            ),
            models.UniqueConstraint(
                fields=["workspace", "survey"],
                condition=Q(state=RoundState.OPEN),
                name="surveys_round_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="surveys_round_newest"),
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="surveys_round_due"),
        ]

    def __str__(self) -> str:
        return self.survey.title

    @property
    def ref(self) -> Ref:
        """Return how the record points at it."""
        return Ref(ROUND, self.pk)

    @property
    def is_open(self) -> bool:
        """Tell whether it takes answers."""
        return self.state == RoundState.OPEN

    @property
    def is_closed(self) -> bool:
        """Tell whether its results can be shown."""
        return self.state == RoundState.CLOSED


class RoundGroup(WorkspaceOwned):
    """A team whose answers are shown beside the others'; a member counts to the first of a round that he is in."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="groups")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "round", "position"], name="surveys_roundgroup_position"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Invitee(WorkspaceOwned):
    """Somebody who is asked, and whether he has answered; kept apart from the answers, and without a time."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="invitees")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(RoundGroup, null=True, on_delete=models.PROTECT, related_name="+")
    has_answered = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "round", "member"], name="surveys_invitee_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace", "member"],
                condition=Q(has_answered=False),
                name="surveys_invitee_waiting",
            )
        ]


class Answer(WorkspaceOwned):
    """An answer to one question. Of an anonymous round it names nobody, nor the other answers of the same person.

    The database holds that: a row of an anonymous round has no member, and its round cannot become another one.
    It has no time, and its id is drawn by lot.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="answers")
    is_anonymous = models.BooleanField()
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    group = models.ForeignKey(RoundGroup, null=True, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    value = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "round", "question", "member"],
                condition=Q(member__isnull=False),
                name="surveys_answer_once",
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=True, member=None) | Q(is_anonymous=False, member__isnull=False),
                name="surveys_answer_names_nobody",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "round", "question"], name="surveys_answer_of")]


class Trait(WorkspaceOwned):
    """What a member tells of himself, and for whom it is open; what is taken back is deleted.

    `value` by kind: `{"type"}`, `{"themes"}` in their order, `{"rewards", "wants", "note"}`, `{"text"}`.
    """

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="traits")
    kind = models.CharField(max_length=12, choices=TraitKind)
    name = models.CharField(max_length=60, blank=True)
    value = models.JSONField()
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.ME)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "kind", "name"], name="surveys_trait_of_member"
            ),
            models.CheckConstraint(
                condition=Q(kind=TraitKind.OTHER) & ~Q(name="") | ~Q(kind=TraitKind.OTHER) & Q(name=""),
                name="surveys_trait_named",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "audience"], name="surveys_trait_open")]

    def __str__(self) -> str:
        return self.name or str(TraitKind(self.kind).label)

    @property
    def ref(self) -> Ref:
        """Return how the record points at it."""
        return Ref(TRAIT, self.pk)
