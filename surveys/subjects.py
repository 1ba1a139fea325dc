"""How the record and notices name and link surveys and rounds."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from surveys.models import ROUND, SURVEY, Round, Survey
from surveys.selectors.rounds import get_round, get_survey
from teams.actors import Actor
from teams.subjects import Subject


def _load_survey(actor: Actor, ident: Any) -> Survey:
    return get_survey(actor, UUID(str(ident)))


def _load_round(actor: Actor, ident: Any) -> Round:
    found: Round = get_round(actor, UUID(str(ident)))
    return found


def _survey_path(slug: str, ident: Any) -> str:
    return reverse("surveys:survey", args=[slug, ident])


def _round_path(slug: str, ident: Any) -> str:
    return reverse("surveys:round", args=[slug, ident])


SURVEY_SUBJECT = Subject(SURVEY, _load_survey, str, _survey_path)
ROUND_SUBJECT = Subject(ROUND, _load_round, str, _round_path)
