"""The editor of a survey: reading what its form says, and adding, dropping and moving questions in it."""

from dataclasses import dataclass, field

from django.http import QueryDict

from core.errors import Invalid
from surveys.models import Survey
from surveys.services.surveys import MOST_OPTIONS, MOST_QUESTIONS, STANDARD, QuestionInput, input_of
from surveys.states import QuestionKind, StandardQuestion


@dataclass(slots=True)
class QuestionDraft:
    """A question as the form has it; `number` names its fields."""

    number: str
    text: str = ""
    kind: str = QuestionKind.TEXT
    options: str = ""
    is_required: bool = False
    key: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def standard_text(self) -> str:
        """Return the words of a standard question, in the reader's language."""
        return str(StandardQuestion(self.key).label) if self.key in StandardQuestion.values else ""


@dataclass(slots=True)
class Draft:
    """A survey as the form has it."""

    title: str = ""
    intro: str = ""
    questions: list[QuestionDraft] = field(default_factory=list)
    version: int | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def inputs(self) -> list[QuestionInput]:
        """Return the questions as the service takes them."""
        return [
            QuestionInput(
                text=one.text,
                kind=one.kind,
                options=[line.strip() for line in one.options.splitlines() if line.strip()],
                is_required=one.is_required,
                key=one.key,
            )
            for one in self.questions
        ]

    @property
    def missing(self) -> list[tuple[str, str]]:
        """Return the standard questions that are not asked."""
        asked = {one.key for one in self.questions}
        return [(key, str(label)) for key, label in StandardQuestion.choices if key not in asked]

    @property
    def is_full(self) -> bool:
        """Tell whether no further question fits."""
        return len(self.questions) >= MOST_QUESTIONS


def draft_of(survey: Survey | None) -> Draft:
    """Return what the editor starts with: the survey as it stands, or the two standard questions."""
    inputs = STANDARD if survey is None else [input_of(question) for question in survey.questions.all()]
    questions = [
        QuestionDraft(str(n), one.text, one.kind, "\n".join(one.options), one.is_required, one.key)
        for n, one in enumerate(inputs, start=1)
    ]
    if survey is None:
        return Draft(questions=questions)
    return Draft(survey.title, survey.intro, questions, survey.version)


def draft_from(data: QueryDict) -> Draft:
    """Read the editor's form; the questions stand in the order of their fields."""
    numbers = [n for n in dict.fromkeys(data.getlist("question")) if n.isdecimal() and len(n) < 4]
    version = data.get("version", "")
    return Draft(
        title=data.get("title", ""),
        intro=data.get("intro", ""),
        questions=[_question_from(data, n) for n in numbers[:MOST_QUESTIONS]],
        version=int(version) if version.isdecimal() and len(version) < 9 else None,
    )


def rearranged(draft: Draft, action: str) -> bool:
    """Do what a button of the form asks for: add, drop, raise or lower a question; tell whether one did."""
    verb, _colon, name = action.partition(":")
    if verb == "add":
        taken = [int(one.number) for one in draft.questions]
        if not draft.is_full:
            key = name if name in dict(draft.missing) else ""
            draft.questions.append(QuestionDraft(str(max(taken, default=0) + 1), key=key))
        return True
    at = next((n for n, one in enumerate(draft.questions) if one.number == name), None)
    if at is None or verb not in ("drop", "raise", "lower"):
        return False
    question = draft.questions.pop(at)
    if verb != "drop":
        draft.questions.insert(max(0, at - 1) if verb == "raise" else at + 1, question)
    return True


def tell_draft(draft: Draft, error: Invalid) -> None:
    """Show a service's reasons at the fields that they are about."""
    draft.errors = {"": [error.message]}
    for name, reasons in error.fields.items():
        place, _dot, number = name.partition(".")
        if place == "questions" and number.isdecimal():
            draft.questions[int(number)].errors = reasons
        else:
            draft.errors[name] = reasons


def _question_from(data: QueryDict, number: str) -> QuestionDraft:
    key = data.get(f"key-{number}", "")
    return QuestionDraft(
        number=number,
        text=data.get(f"text-{number}", ""),
        kind=data.get(f"kind-{number}", QuestionKind.TEXT),
        options="\n".join(data.get(f"options-{number}", "").splitlines()[: 2 * MOST_OPTIONS]),
        is_required=f"required-{number}" in data,
        key=key if key in StandardQuestion.values else "",
    )
