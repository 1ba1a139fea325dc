"""How a role's limits narrow posts: by the networks they go to, by whose they are, by where they stand."""

from django.contrib.postgres.aggregates import BoolAnd, BoolOr
from django.db.models import BooleanField, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from calendar_app.models import PostChannel
from calendar_app.permissions import ARCHIVE, EDIT, EDIT_OTHERS, SCHEDULE, SEE, SUBMIT
from teams.limits import ABOUT_THINGS, Limit
from teams.models import TeamMember

LIMITABLE = dict.fromkeys((SEE, EDIT, EDIT_OTHERS, SUBMIT, SCHEDULE, ARCHIVE), ABOUT_THINGS)


def posts_limited(limit: Limit, verb: str) -> Q:
    """Return the condition on posts within a limit.

    To do something, all of a post's networks must be within it; to see it, one. What has no channel yet goes to no
    network outside. The work of a team is what its members write.

    Networks are asked for by one aggregate for each row that is looked at, not by EXISTS: of two of those the server
    makes tables of all posts' channels first, which costs a list of fifty a hundred thousand posts.
    """
    found = Q()
    if limit.networks:
        whole = BoolOr if verb == SEE else BoolAnd
        channels = PostChannel.objects.filter(post=OuterRef("pk")).order_by().values("post")
        inside = channels.annotate(fits=whole(Q(channel__kind__in=limit.networks))).values("fits")
        found &= Q(Coalesce(Subquery(inside), Value(True), output_field=BooleanField()))
    if limit.teams:
        found &= Q(Exists(TeamMember.objects.filter(team__in=limit.teams, member=OuterRef("author"))))
    if limit.states:
        found &= Q(state__in=limit.states)
    return found
