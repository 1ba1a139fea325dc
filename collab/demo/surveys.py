"""What acme was asked and is asked, and what its people tell of themselves: some to everybody, some to nobody."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from collab.demo.stage import Stage
from core.clock import as_of
from surveys.models import Question, Round, Survey
from surveys.personality import Audience, Reward, TraitKind
from surveys.services.answers import answer_round
from surveys.services.rounds import close_round, plan_round
from surveys.services.surveys import QuestionInput, create_survey
from surveys.services.traits import tell_trait
from surveys.states import QuestionKind, Readers, StandardQuestion
from teams.models import DutyKind
from teams.states import StarterKind

R = Reward
TEAM_SURVEY = (
    QuestionInput(key=StandardQuestion.LIKE),
    QuestionInput(key=StandardQuestion.CHANGE),
    QuestionInput(text="I know what is expected of me this month", kind=QuestionKind.SCALE, is_required=True),
    QuestionInput(
        text="Where does most of your time go?",
        kind=QuestionKind.CHOICE,
        options=("Writing and pictures", "Answering people", "Waiting for approvals", "Meetings and reports"),
    ),
)
ANSWERS = {
    "ana": (
        "The team laughs in the Monday meeting, even in Ramadan.",
        "Fewer reports that nobody opens.",
        4,
        3,
    ),
    "ben": (
        "Seeing a post go from a napkin to ten thousand readers.",
        "Approvals that wait over the weekend.",
        5,
        2,
    ),
    "cleo": ("Everybody tells me early when something slips.", "One place for the brand's pictures.", 4, 2),
    "farah": ("Free mornings to draw.", "Briefs that change after I have begun.", 3, 0),
    "jun": ("Regulars who write to us by name.", "A second pair of hands on Friday evenings.", 4, 1),
}
PULSE = (
    QuestionInput(text="How was your week?", kind=QuestionKind.SCALE, is_required=True),
    QuestionInput(
        text="Which days suit you for the photo walk?",
        kind=QuestionKind.CHOICES,
        options=("Tuesday", "Wednesday", "Thursday"),
    ),
    QuestionInput(text="What should we stop doing?"),
)
PULSE_ANSWERS = {"cleo": (4, [0, 2], "Posting the menu as a picture without text."), "jun": (3, [1], "")}
TYPES = {
    "ben": ("ENFP", Audience.WORKSPACE),
    "cleo": ("INTJ", Audience.TEAM),
    "farah": ("ISFP", Audience.WORKSPACE),
    "jun": ("ESFJ", Audience.LEADS),
    "ana": ("ENTJ", Audience.WORKSPACE),
}
STRENGTHS = {
    "ben": ("Ideation Communication Woo Input Positivity Learner Activator", Audience.WORKSPACE),
    "farah": ("Input Individualization Ideation Intellection Harmony", Audience.WORKSPACE),
    "jun": ("Empathy Includer Positivity Adaptability Responsibility Restorative", Audience.WORKSPACE),
    "ana": ("Relator Strategic Command Responsibility Achiever", Audience.WORKSPACE),
    "cleo": ("Deliberative Discipline Focus Strategic Analytical", Audience.LEADS),
}
MOTIVES = {
    "ben": ((R.CREDIT, R.LEARNING, R.PRAISE), (StarterKind.CONTENT,), "", Audience.WORKSPACE),
    "farah": (
        (R.FREEDOM, R.TIME_OFF, R.TOOLS),
        (StarterKind.CONTENT,),
        "Please no surprise praise in meetings.",
        Audience.WORKSPACE,
    ),
    "jun": (
        (R.THANKS, R.TIME_OFF, R.TOGETHER),
        (StarterKind.ENGAGEMENT, StarterKind.SERVICE),
        "",
        Audience.LEADS,
    ),
    "ana": ((R.GROWTH, R.TOGETHER), (StarterKind.STAKEHOLDERS,), "", Audience.WORKSPACE),
}


def ask(stage: Stage) -> None:
    """Let acme have answered one survey without names three weeks ago, and be asked a shorter one now."""
    leader = stage.people["cleo"]
    begun, ended = stage.at(-26, time(9)), stage.at(-19, time(18))
    with as_of(begun):
        survey = create_survey(
            title="Team survey", intro="Ten minutes, twice a year.", questions=TEAM_SURVEY, by=leader
        )
        past = plan_round(
            survey=survey,
            opens_at=begun,
            closes_at=ended + timedelta(hours=6),
            readers=Readers.ASKED,
            by=leader,
        )
    _answer(stage, past, ANSWERS, begun + timedelta(hours=3))
    with as_of(ended):
        close_round(round_=past, by=leader)
    opened = stage.at(-1, time(10))
    with as_of(opened):
        pulse: Survey = create_survey(title="Friday pulse", questions=PULSE, by=leader)
        now_open = plan_round(
            survey=pulse,
            opens_at=opened,
            closes_at=stage.at(6, time(18)),
            remind_days=2,
            is_anonymous=False,
            readers=Readers.ASKED,
            by=leader,
        )
    _answer(stage, now_open, PULSE_ANSWERS, opened + timedelta(hours=1))


def tell(stage: Stage) -> None:
    """Let people tell of themselves, each as far as they like."""
    kinds = {kind.key: str(kind.pk) for kind in DutyKind.objects.exclude(key="")}
    for key, (name, audience) in TYPES.items():
        tell_trait(kind=TraitKind.MBTI, value={"type": name}, audience=audience, by=stage.people[key])
    for key, (themes, audience) in STRENGTHS.items():
        value = {"themes": themes.split()}
        tell_trait(kind=TraitKind.STRENGTHS, value=value, audience=audience, by=stage.people[key])
    for key, (rewards, wants, note, audience) in MOTIVES.items():
        motive = {
            "rewards": [str(one) for one in rewards],
            "wants": [kinds[one] for one in wants],
            "note": note,
        }
        tell_trait(kind=TraitKind.MOTIVATION, value=motive, audience=audience, by=stage.people[key])
    disc = {"text": "I/S, with a tendency to talk"}
    tell_trait(
        kind=TraitKind.OTHER, name="DISC", value=disc, audience=Audience.WORKSPACE, by=stage.people["ben"]
    )


def _answer(stage: Stage, round_: Round, given: Mapping[str, tuple[object, ...]], at: datetime) -> None:
    questions = list(Question.objects.filter(survey=round_.survey_id).order_by("position"))
    with as_of(at):
        for key, values in given.items():
            answers = {str(question.pk): value for question, value in zip(questions, values, strict=True)}
            answer_round(round_=round_, answers=answers, by=stage.people[key])
