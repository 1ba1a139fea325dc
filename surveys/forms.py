"""Forms of surveys and of what members tell of themselves: they translate what was typed and know no rules."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.times import moment_at
from surveys.fitting import MOST_NOTE
from surveys.models import Question, Trait
from surveys.personality import MBTI_TYPES, MOST_REWARDS, Audience, Reward, TraitKind
from surveys.services.answers import MOST_WORDS
from surveys.states import SCALE, QuestionKind, Readers
from teams.models import DutyKind, Team

DATE = forms.DateInput({"type": "date"})
SCALE_WORDS = {1: _("1, not at all"), 5: _("5, very much")}
REMINDERS = [(2, _("two days before it closes")), (1, _("a day before it closes")), (0, _("not at all"))]


class AnswerForm(forms.Form):
    """The questions of a round; the service says what an answer may be."""

    def __init__(self, questions: Sequence[Question], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[name_of(question)] = _field_of(question)

    def answers(self) -> dict[str, Any]:
        """Return what was answered, by the question's id."""
        return {str(question.pk): self.cleaned_data.get(name_of(question)) for question in self.questions}


def name_of(question: Question) -> str:
    """Return the name of a question's field."""
    return f"q-{question.pk}"


def _field_of(question: Question) -> forms.Field:
    facts: dict[str, Any] = {"label": str(question), "required": question.is_required}
    if question.kind == QuestionKind.TEXT:
        return forms.CharField(max_length=MOST_WORDS, widget=forms.Textarea({"rows": 3}), **facts)
    if question.kind == QuestionKind.SCALE:
        marks = [(mark, SCALE_WORDS.get(mark, str(mark))) for mark in SCALE]
        return forms.ChoiceField(choices=marks, widget=forms.RadioSelect({"class": "scale"}), **facts)
    options = list(enumerate(question.options))
    if question.kind == QuestionKind.CHOICE:
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **facts)
    return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **facts)


class RoundForm(forms.Form):
    """Whom to ask, by name or without, from when to when; days are the workspace's, the last one is included."""

    is_anonymous = forms.BooleanField(
        label=_("Without names"),
        required=False,
        initial=True,
        help_text=_(
            "Nobody, not you either, learns who answered what; nothing is shown of fewer than five people."
        ),
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Who is asked"),
        required=False,
        empty_label=_("Everybody in the workspace"),
    )
    compare = forms.ModelMultipleChoiceField(
        Team.objects.none(),
        label=_("Compare these teams"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Shown beside the others where five or more of each have answered. Who is in several counts once."
        ),
    )
    readers = forms.ChoiceField(
        label=_("Who sees the results"), choices=Readers, widget=forms.RadioSelect, initial=Readers.LEADS
    )
    opens_on = forms.DateField(
        label=_("Opens on"), widget=DATE, required=False, help_text=_("Leave it empty to ask at once.")
    )
    closes_on = forms.DateField(
        label=_("Last day"), widget=DATE, help_text=_("It closes at the end of this day, and for good.")
    )
    remind_days = forms.TypedChoiceField(
        label=_("Remind those who have not answered"), choices=REMINDERS, coerce=int, initial=2
    )

    def __init__(self, *args: Any, teams: Any, zone: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["team"].queryset = teams
        self.fields["compare"].queryset = teams
        self.fields["closes_on"].initial = today + timedelta(days=7)
        if not teams:
            del self.fields["team"], self.fields["compare"]

    def facts(self, instant: datetime) -> dict[str, Any]:
        """Return what the service takes; without a first day it opens at `instant`."""
        given = self.cleaned_data
        opens = given["opens_on"]
        return {
            "is_anonymous": given["is_anonymous"],
            "team": given.get("team"),
            "compare": list(given.get("compare") or ()),
            "readers": given["readers"],
            "remind_days": given["remind_days"],
            "opens_at": self._start(opens) if opens else instant,
            "closes_at": self._start(given["closes_on"] + timedelta(days=1)),
        }

    def clean_closes_on(self) -> date:
        """Refuse days that no calendar holds."""
        return self._sane(self.cleaned_data["closes_on"])

    def clean_opens_on(self) -> date | None:
        """Refuse days that no calendar holds."""
        day = self.cleaned_data["opens_on"]
        return self._sane(day) if day else None

    def _sane(self, day: date) -> date:
        if not 2000 <= day.year <= 2100:
            raise forms.ValidationError(_("Choose a day of the next months."))
        return day

    def _start(self, day: date) -> datetime:
        return moment_at(datetime.combine(day, time.min), self.zone).instant


class AudienceForm(forms.Form):
    """For whom a result is open."""

    audience = forms.ChoiceField(
        label=_("Who sees it"),
        choices=Audience,
        widget=forms.RadioSelect,
        initial=Audience.ME,
        help_text=_("You can change this at any time; it takes effect at once."),
    )


class TypeForm(AudienceForm):
    """One of the sixteen types."""

    type = forms.ChoiceField(label=_("Type"), choices=[(name, name) for name in MBTI_TYPES])
    field_order = ["type", "audience"]

    def value(self) -> dict[str, Any]:
        """Return what the service keeps."""
        return {"type": self.cleaned_data["type"]}


class StrengthsForm(AudienceForm):
    """A ranking, typed; the service reads and names each line."""

    themes = forms.CharField(
        label=_("Themes, the strongest first"),
        max_length=2000,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
        help_text=_("One a line, from your first five to all 34."),
    )
    field_order = ["themes", "audience"]


class MotivationForm(AudienceForm):
    """Rewards in their order, the work somebody would like more of, a note."""

    wants = forms.MultipleChoiceField(
        label=_("Work that I would like more of"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("Anything else"),
        required=False,
        max_length=MOST_NOTE,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("What spoils it for you, for example."),
    )

    def __init__(self, *args: Any, kinds: Sequence[DutyKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [_("What rewards me most"), _("Second"), _("Third"), _("Fourth"), _("Fifth")]
        for number, label in enumerate(places, start=1):
            first = ("", _("choose one") if number == 1 else _("nothing more"))
            self.fields[f"reward_{number}"] = forms.ChoiceField(
                label=label, choices=[first, *Reward.choices], required=number == 1
            )
        self.fields["wants"].choices = [(str(kind.pk), str(kind)) for kind in kinds]
        self.order_fields([*(f"reward_{n}" for n in range(1, MOST_REWARDS + 1)), "wants", "note", "audience"])

    def value(self) -> dict[str, Any]:
        """Return what the service keeps."""
        given = self.cleaned_data
        rewards = [given.get(f"reward_{n}") for n in range(1, MOST_REWARDS + 1)]
        return {"rewards": [key for key in rewards if key], "wants": given["wants"], "note": given["note"]}


class OtherForm(AudienceForm):
    """A result of another kind, by its name."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("For example DISC, or Big Five."))
    text = forms.CharField(label=_("Result"), max_length=MOST_NOTE, widget=forms.Textarea({"rows": 2}))
    field_order = ["name", "text", "audience"]

    def value(self) -> dict[str, Any]:
        """Return what the service keeps."""
        return {"text": self.cleaned_data["text"]}


class ResultsFileForm(forms.Form):
    """A CSV file of results."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
        help_text=_("Rows such as “MBTI, INTJ”, “1, Achiever” or “Other, DISC, D/I”."),
    )


FORMS: dict[str, type[AudienceForm]] = {
    TraitKind.MBTI: TypeForm,
    TraitKind.STRENGTHS: StrengthsForm,
    TraitKind.MOTIVATION: MotivationForm,
    TraitKind.OTHER: OtherForm,
}


def initial_of(trait: Trait) -> dict[str, Any]:
    """Return what a result's form starts with."""
    value: Mapping[str, Any] = trait.value
    found: dict[str, Any] = {"audience": trait.audience}
    if trait.kind == TraitKind.STRENGTHS:
        found["themes"] = "\n".join(value["themes"])
    elif trait.kind == TraitKind.MOTIVATION:
        found |= {f"reward_{n}": key for n, key in enumerate(value["rewards"], start=1)}
        found |= {"wants": value["wants"], "note": value["note"]}
    else:
        found |= dict(value)
    return found
