"""Who may see deliveries, settle and repeat them, pause everything and let it go on."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from networks.models import Channel
from networks.permissions import PUBLISH, usable
from publishing.models import Delivery
from teams.actors import Actor
from teams.permissions import (
    EVERYBODY,
    LEADS,
    MANAGERS,
    Refusal,
    Verb,
    condition,
    refuse,
    register_verbs,
)

SEE = "publishing.delivery.see"
RESOLVE = "publishing.delivery.resolve"
REPEAT = "publishing.delivery.repeat"
SEE_HOLD = "publishing.hold.see"
START_HOLD = "publishing.hold.start"
END_HOLD = "publishing.hold.end"

VERBS = [
    Verb(SEE, gettext_lazy("see deliveries"), EVERYBODY, covers=True),
    Verb(RESOLVE, gettext_lazy("say whether an unclear post is live"), MANAGERS, covers=True),
    Verb(REPEAT, gettext_lazy("send a failed post again"), MANAGERS, covers=True),
    Verb(SEE_HOLD, gettext_lazy("see whether everything is paused"), EVERYBODY, covers=True),
    Verb(START_HOLD, gettext_lazy("pause everything outgoing"), MANAGERS, covers=True),
    Verb(END_HOLD, gettext_lazy("let outgoing posts go on"), LEADS, covers=True),
]
register_verbs(VERBS)


@condition(RESOLVE, REPEAT)
def needs_channel(actor: Actor, delivery: Delivery) -> Refusal | None:
    """Refuse who may not publish to the delivery's channel."""
    if Channel.objects.filter(usable(actor, PUBLISH), pk=delivery.channel_id).exists():
        return None
    return refuse(RESOLVE, _("You may not publish to this channel."))
