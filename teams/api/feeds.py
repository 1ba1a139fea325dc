"""Calendars of absences, for programs."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from teams import answers, selectors, serializers
from teams.rest import endpoint, listing, read
from teams.services.feeds import add_feed, remove_feed


@endpoint(
    {"GET": "teams.absence.record", "POST": "teams.absence.record"},
    body=serializers.NewFeed,
    answers=answers.AbsenceFeedOutput,
    lists="pages",
)
def feeds(request: Request) -> Response:
    """The calendars of absences that are followed; POST follows another one."""
    actor = request._request.actor
    if request.method == "POST":
        facts = read(serializers.NewFeed, request)
        member = None if facts["everybody"] else actor.member
        made = add_feed(url=facts["url"], member=member, words=facts.get("words", ""), by=actor)
        return Response(serializers.absence_feed(made), status=201)
    rows = selectors.absence_feeds(actor)
    return listing(request, rows, serializers.absence_feed, by=["created_at", "pk"])


@endpoint(
    {"GET": "teams.absence.record", "DELETE": "teams.absence.record"}, answers=answers.AbsenceFeedOutput
)
def feed(request: Request, feed: UUID) -> Response:
    """One calendar of absences; DELETE follows it no more."""
    actor = request._request.actor
    found = selectors.get_absence_feed(actor, feed)
    if request.method == "DELETE":
        remove_feed(feed=found, by=actor)
        return Response(status=204)
    return Response(serializers.absence_feed(found))
