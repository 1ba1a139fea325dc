"""Who may see, use and connect channels."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from networks.models import Channel, ChannelGroupGrant, ChannelUserGrant
from teams.actors import Actor
from teams.grants import granted
from teams.permissions import (
    ADMINS,
    EVERYBODY,
    LEADS,
    MANAGERS,
    WRITERS,
    Refusal,
    Verb,
    condition,
    names_holding,
    refuse,
    register_verbs,
    scoper,
)

SEE = "networks.channel.see"
WRITE = "networks.channel.write"
PUBLISH = "networks.channel.publish"
OVERSEE = "networks.channel.oversee"
CONNECT = "networks.channel.connect"
GRANT = "networks.channel.grant"

VERBS = [
    Verb(SEE, gettext_lazy("see channels"), EVERYBODY, covers=True),
    Verb(WRITE, gettext_lazy("write for channels"), WRITERS, covers=True),
    Verb(PUBLISH, gettext_lazy("publish to channels"), MANAGERS, covers=True),
    Verb(OVERSEE, gettext_lazy("use restricted channels without a grant"), LEADS, covers=True),
    Verb(CONNECT, gettext_lazy("connect and disconnect channels"), ADMINS, covers=False),
    Verb(GRANT, gettext_lazy("say who may use a restricted channel"), ADMINS, covers=False),
]
register_verbs(VERBS)


def usable(actor: Actor, verb: str) -> Q:
    """Return the condition on channels to which the actor may apply a verb that his role holds."""
    if actor.is_system or OVERSEE in actor.verbs:
        return Q()
    return Q(is_restricted=False) | granted(actor, verb, ChannelUserGrant, ChannelGroupGrant)


def _rule_for(verb: str) -> None:
    @scoper(verb)
    def rows(actor: Actor, queryset: QuerySet[Channel]) -> QuerySet[Channel]:
        return queryset.filter(usable(actor, verb))

    @condition(verb)
    def needs_grant(actor: Actor, channel: Any) -> Refusal | None:
        if not channel.is_restricted or Channel.objects.filter(usable(actor, verb), pk=channel.pk).exists():
            return None
        message = _("%(channel)s is restricted and you have no grant for this.") % {"channel": channel.name}
        return refuse(verb, message, ask=names_holding(GRANT, besides=actor.member_id))


for _verb in (SEE, WRITE, PUBLISH):
    _rule_for(_verb)
