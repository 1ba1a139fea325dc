"""Who may read notices: everybody their own."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from notifications.models import Notice
from teams.actors import Actor
from teams.permissions import EVERYBODY, Verb, register_verbs, scoper

SEE = "notifications.notice.see"
VERBS = [Verb(SEE, gettext_lazy("read own notices"), EVERYBODY, covers=False)]
register_verbs(VERBS)


@scoper(SEE)
def own(actor: Actor, notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Keep to the notices of the actor himself."""
    return notices.filter(member=actor.member_id)
