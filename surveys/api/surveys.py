"""Surveys, rounds, answers and results over REST: the same verbs as the pages.

Answers are put, not posted: what is posted can be kept with its key for a day, and these must be kept nowhere.
"""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from core.errors import Invalid
from surveys.answers import AskedOutput, ResultsOutput, RoundOutput, SurveyOutput
from surveys.permissions import ANSWER, EDIT, SEE_RESULTS, SEE_ROUND
from surveys.selectors.results import results_of
from surveys.selectors.rounds import (
    get_asked_round,
    get_round,
    get_survey,
    own_answers,
    questions_of,
    rounds_visible_to,
    surveys_of,
)
from surveys.serializers import (
    AnswersBody,
    RoundBody,
    RoundChange,
    SurveyBody,
    question_inputs,
    question_json,
    results_json,
    round_json,
    survey_json,
)
from surveys.services import rounds as round_services
from surveys.services import surveys as services
from surveys.services.answers import answer_round
from teams.rest import endpoint, listing, read
from teams.selectors import get_team


@endpoint({"GET": EDIT, "POST": EDIT}, body=SurveyBody, answers=SurveyOutput, lists="pages")
def surveys(request: Request) -> Response:
    """The surveys in use, newest first; POST writes one."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, surveys_of(actor).prefetch_related("questions"), survey_json, by=["-pk"])
    body = read(SurveyBody, request)
    facts = {"questions": question_inputs(body["questions"])} if "questions" in body else {}
    made = services.create_survey(title=body["title"], intro=body.get("intro", ""), by=actor, **facts)
    return Response(survey_json(get_survey(actor, made.pk)), status=201)


@endpoint({"GET": EDIT, "PATCH": EDIT, "DELETE": EDIT}, body=SurveyBody, answers=SurveyOutput)
def survey(request: Request, survey: UUID) -> Response:
    """One survey; PATCH changes it while nobody was asked, DELETE puts it away."""
    actor = request._request.actor
    found = get_survey(actor, survey)
    if request.method == "DELETE":
        services.archive_survey(survey=found, by=actor)
        return Response(status=204)
    if request.method == "PATCH":
        body = read(SurveyBody, request, partial=True)
        if "questions" in body:
            body["questions"] = question_inputs(body["questions"])
        services.change_survey(survey=found, by=actor, **body)
        found = get_survey(actor, survey)
    return Response(survey_json(found))


@endpoint({"GET": EDIT, "POST": EDIT}, body=RoundBody, answers=RoundOutput, lists="pages")
def survey_rounds(request: Request, survey: UUID) -> Response:
    """The rounds of a survey, newest first; POST plans one, or opens it at once."""
    actor = request._request.actor
    found = get_survey(actor, survey)
    if request.method == "GET":
        return listing(request, rounds_visible_to(actor).filter(survey=found), round_json, by=["-pk"])
    body = read(RoundBody, request)
    made = round_services.plan_round(
        survey=found,
        opens_at=body.get("opens_at") or now(),
        closes_at=body["closes_at"],
        remind_days=body["remind_days"],
        is_anonymous=body["anonymous"],
        readers=body["readers"],
        team=get_team(actor, body["team"]) if body.get("team") else None,
        compare=[get_team(actor, pk) for pk in body.get("compare", ())],
        by=actor,
    )
    return Response(round_json(get_round(actor, made.pk)), status=201)


@endpoint({"GET": SEE_ROUND}, answers=RoundOutput, lists="pages")
def rounds(request: Request) -> Response:
    """The rounds that ask the caller, newest first; all rounds for whoever writes surveys."""
    return listing(request, rounds_visible_to(request._request.actor), round_json, by=["-pk"])


@endpoint({"GET": SEE_ROUND, "PATCH": EDIT}, body=RoundChange, answers=RoundOutput)
def round_(request: Request, round: UUID) -> Response:  # noqa: A002  # the part's name in the address
    """One round; PATCH closes it for good, or cancels one that is only planned."""
    actor = request._request.actor
    found = get_round(actor, round)
    if request.method == "PATCH":
        if not read(RoundChange, request)["closed"]:
            raise Invalid("A closed round does not open again.", fields={"closed": ["Send true."]})
        round_services.close_round(round_=found, by=actor)
        found = get_round(actor, round)
    return Response(round_json(found))


@endpoint({"POST": EDIT}, answers=RoundOutput, created=False)
def reminder(request: Request, round: UUID) -> Response:  # noqa: A002  # as above
    """Remind those who have not answered."""
    actor = request._request.actor
    found = get_round(actor, round, EDIT)
    round_services.remind_round(round_=found, by=actor)
    return Response(round_json(found))


@endpoint({"GET": SEE_ROUND, "PUT": ANSWER}, body=AnswersBody, answers=AskedOutput)
def answers(request: Request, round: UUID) -> Response:  # noqa: A002  # as above
    """What a round asks, and one's own answers where it asks by name; PUT answers it."""
    actor = request._request.actor
    found = get_round(actor, round)
    if request.method == "PUT":
        found = get_asked_round(actor, round)
        answer_round(round_=found, answers=read(AnswersBody, request)["answers"], by=actor)
    return Response(_asked(actor, found))


@endpoint({"GET": SEE_RESULTS}, answers=ResultsOutput)
def results(request: Request, round: UUID) -> Response:  # noqa: A002  # as above
    """What came of a closed round: counts, groups of five or more, and the first twenty answers in words."""
    actor = request._request.actor
    return Response(results_json(results_of(actor, get_round(actor, round, SEE_RESULTS))))


def _asked(actor: Any, found: Any) -> dict[str, Any]:
    return {
        "questions": [question_json(question) for question in questions_of(found)],
        "own": {str(pk): value for pk, value in own_answers(actor, found).items()},
    }
