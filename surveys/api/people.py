"""Traits and what may suit whom over REST.

Results are put, not posted: what is posted can be kept with its key for a day, and what is taken back must be gone.
"""

from uuid import UUID
from zoneinfo import ZoneInfo

from rest_framework.request import Request
from rest_framework.response import Response

from core.clock import now
from surveys.answers import FitOutput, TraitOutput
from surveys.fit import suggest
from surveys.permissions import EDIT_TRAITS, SEE_TRAITS
from surveys.selectors.traits import get_own_trait, get_trait, traits_visible_to
from surveys.serializers import TraitBody, TraitChange, fit_json, trait_json
from surveys.services.traits import open_trait, tell_trait, withdraw_trait
from teams.rest import endpoint, listing, read, respond


@endpoint({"GET": SEE_TRAITS, "PUT": EDIT_TRAITS}, body=TraitBody, answers=TraitOutput, lists="pages")
def traits(request: Request) -> Response:
    """One's own results and what others opened for the caller; PUT enters or changes one of one's own."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, traits_visible_to(actor), trait_json, by=["pk"])
    body = read(TraitBody, request)
    made = tell_trait(
        kind=body["kind"], name=body["name"], value=body["value"], audience=body.get("audience"), by=actor
    )
    return Response(trait_json(get_own_trait(actor, made.pk)))


@endpoint(
    {"GET": SEE_TRAITS, "PATCH": EDIT_TRAITS, "DELETE": EDIT_TRAITS}, body=TraitChange, answers=TraitOutput
)
def trait(request: Request, trait: UUID) -> Response:
    """One result; PATCH says for whom it is open, DELETE takes it back for good."""
    actor = request._request.actor
    if request.method == "GET":
        return Response(trait_json(get_trait(actor, trait)))
    found = get_own_trait(actor, trait)
    if request.method == "DELETE":
        withdraw_trait(trait=found, by=actor)
        return Response(status=204)
    changed = open_trait(trait=found, audience=read(TraitChange, request)["audience"], by=actor)
    return Response(trait_json(changed))


@endpoint({"GET": SEE_TRAITS}, answers=FitOutput, lists="whole")
def fit(request: Request) -> Response:
    """Whom each kind of work may suit, with reasons, out of what the caller may see."""
    zone = ZoneInfo(request._request.workspace.timezone)
    return respond(request, [fit_json(one) for one in suggest(request._request.actor, now(), zone)], None)
