"""What grants and restricted channels add to somebody's rights, in words for the page that explains them."""

from collections.abc import Iterator

from networks.models import Channel
from networks.permissions import OVERSEE, PUBLISH, SEE, WRITE, usable
from teams.actors import Actor
from teams.rights import Remark

MOST = 100


def channel_remarks(actor: Actor) -> Iterator[Remark]:
    """Yield, for each restricted channel, whether a grant opens it to the actor or it stays shut."""
    if actor.member is None or OVERSEE in actor.verbs:
        return
    restricted = Channel.objects.filter(is_restricted=True).order_by("name", "pk")
    names = dict(restricted.values_list("pk", "name")[:MOST])
    for verb in (SEE, WRITE, PUBLISH) if names else ():
        if verb not in actor.verbs:
            continue
        granted = set(restricted.filter(usable(actor, verb)).values_list("pk", flat=True))
        for pk, name in names.items():
            yield Remark(verb, "grant" if pk in granted else "limit", name)
