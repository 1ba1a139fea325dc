"""Links of guests, for programs. The secret is in no answer: it goes out by mail and nowhere else."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.states import PostState
from core.clock import now
from guests import selectors
from guests.models import GuestLink
from guests.permissions import INVITE
from guests.services.links import MOST_DAYS, MOST_SHARED, mail_again, make_link, revoke_link
from guests.states import Scope
from teams.openapi import shape
from teams.rest import endpoint, listing, read


def _ids() -> "serializers.ListField":
    return serializers.ListField(child=serializers.UUIDField(), required=False, max_length=MOST_SHARED)


class WantedBody(serializers.Serializer[Any]):
    """What a link shows: posts, or a view by these filters."""

    posts = _ids()
    channels = _ids()
    campaigns = _ids()
    authors = _ids()
    labels = _ids()
    states = serializers.ListField(
        child=serializers.ChoiceField(PostState.choices), required=False, max_length=20
    )
    words = serializers.CharField(required=False, allow_blank=True, max_length=200)


class LinkBody(serializers.Serializer[Any]):
    """For whom, what it shows and how it opens."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    scope = serializers.ChoiceField(Scope.choices)
    wanted = WantedBody(required=False)
    days = serializers.IntegerField(required=False, min_value=1, max_value=MOST_DAYS, default=30)
    purpose = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")
    note = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")
    may_comment = serializers.BooleanField(required=False, default=True)
    may_decide = serializers.BooleanField(required=False, default=True)
    is_single_use = serializers.BooleanField(required=False, default=False)
    is_renewable = serializers.BooleanField(required=False, default=True)
    pin = serializers.RegexField(r"^([0-9]{4,8})?$", required=False, allow_blank=True, default="")


LinkOutput = shape(
    "GuestLinkOutput",
    id=serializers.UUIDField(),
    guest=serializers.DictField(),
    scope=serializers.ChoiceField(Scope.choices),
    wanted=serializers.DictField(),
    purpose=serializers.CharField(allow_blank=True),
    may_comment=serializers.BooleanField(),
    may_decide=serializers.BooleanField(),
    is_single_use=serializers.BooleanField(),
    is_renewable=serializers.BooleanField(),
    has_pin=serializers.BooleanField(),
    ending=serializers.CharField(allow_null=True, help_text="Why it opens nothing; null while it does."),
    created_at=serializers.DateTimeField(),
    ends_at=serializers.DateTimeField(),
    revoked_at=serializers.DateTimeField(allow_null=True),
    mailed_at=serializers.DateTimeField(allow_null=True),
)


@endpoint({"GET": INVITE, "POST": INVITE}, body=LinkBody, answers=LinkOutput, lists="pages")
def links(request: Request) -> Response:
    """The links, latest first; POST makes one, which is mailed to the guest."""
    actor = request._request.actor
    if request.method == "GET":
        return listing(request, selectors.links(actor), link_json, by=["-id"])
    said = read(LinkBody, request)
    wanted = {name: _plain(value) for name, value in said.pop("wanted", {}).items()}
    return Response(link_json(make_link(wanted=wanted, by=actor, **said)), status=201)


@endpoint({"GET": INVITE, "DELETE": INVITE}, answers=LinkOutput)
def link(request: Request, link: UUID) -> Response:
    """One link; DELETE takes it back, and from then on it opens nothing."""
    actor = request._request.actor
    found = selectors.get_link(actor, link)
    if request.method == "DELETE":
        revoke_link(link=found, by=actor)
        return Response(status=204)
    return Response(link_json(found))


@endpoint({"POST": INVITE}, answers=LinkOutput, created=False)
def link_mail(request: Request, link: UUID) -> Response:
    """Send the guest a new mail."""
    actor = request._request.actor
    return Response(link_json(mail_again(link=selectors.get_link(actor, link), by=actor)))


def link_json(row: GuestLink) -> dict[str, Any]:
    """Return a link as the API gives it."""
    ending = row.ending(now())
    return {
        "id": str(row.pk),
        "guest": {"id": str(row.guest_id), "name": row.guest.name, "email": row.guest.email},
        "scope": row.scope,
        "wanted": row.wanted,
        "purpose": row.purpose,
        "may_comment": row.may_comment,
        "may_decide": row.may_decide,
        "is_single_use": row.is_single_use,
        "is_renewable": row.is_renewable,
        "has_pin": row.has_pin,
        "ending": str(ending) if ending else None,
        "created_at": row.created_at,
        "ends_at": row.ends_at,
        "revoked_at": row.revoked_at,
        "mailed_at": row.mailed_at,
    }


def _plain(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, list) else value
