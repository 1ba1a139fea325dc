"""After a backup was put back: what may have been sent since is never sent blindly."""

from django.utils.translation import gettext as _

from publishing.models import Delivery
from publishing.services.following import follow, lock_post, note
from publishing.services.holds import start_hold
from publishing.states import BEFORE_INTENT, DeliveryState, Reason
from publishing.timing import clock
from teams.actors import Actor
from teams.models import Workspace
from teams.tenancy import workspace_scope


def after_restore() -> int:
    """Pause every workspace and ask people about each delivery that fell due since the backup; return how many.

    The restored rows cannot know what was sent after they were saved. What was due and not yet announced goes to
    `needs_attention`, for a human to say whether it is live; what was announced is settled with the network, as
    after any lost answer. What is still to come waits for the end of the pause.
    Records: publishing.hold.started, publishing.delivery.needs_attention.
    """
    return sum(_hold_and_ask(workspace) for workspace in Workspace.objects.order_by("pk"))


def _hold_and_ask(workspace: Workspace) -> int:
    with workspace_scope(workspace.pk):
        by = Actor.system(workspace.pk)
        text = _("A backup was put back. Look at what needs attention before you let posts go on.")
        start_hold(workspace=workspace, text=text, by=by)
        due = Delivery.objects.filter(state__in=BEFORE_INTENT, scheduled_at__lte=clock())
        rows = list(due.order_by("post_id", "pk").values_list("pk", "post_id"))
        for delivery_id, post_id in rows:
            post = lock_post(post_id)
            Delivery.objects.filter(pk=delivery_id).update(
                state=DeliveryState.NEEDS_ATTENTION,
                held_for="",
                reason=Reason.RESTORED,
                lease_token=None,
                lease_until=None,
                claimed_at=None,
            )
            note(
                "publishing.delivery.needs_attention",
                Delivery.objects.get(pk=delivery_id),
                by=by,
                reason=str(Reason.RESTORED),
            )
            follow(post)
    return len(rows)
