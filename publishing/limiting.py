"""How a role's limits narrow deliveries: by their channel's network, and as their posts are."""

from dataclasses import replace

from django.db.models import Q

from calendar_app.limits import posts_limited
from calendar_app.models import Post
from publishing.permissions import REPEAT, RESOLVE
from teams.limits import ABOUT_THINGS, Limit

LIMITABLE = dict.fromkeys((RESOLVE, REPEAT), ABOUT_THINGS)


def deliveries_limited(limit: Limit, verb: str) -> Q:
    """Return the condition on deliveries within a limit."""
    found = Q(channel__kind__in=limit.networks) if limit.networks else Q()
    if limit.teams or limit.states:
        posts = Post.objects.filter(posts_limited(replace(limit, networks=frozenset()), verb)).order_by()
        found &= Q(post__in=posts.values("pk"))
    return found
