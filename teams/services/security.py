"""How people log in to a workspace: what it asks of every member."""

from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require
from teams.proofs import SECOND_STEP, asks_for_second_step
from teams.selectors import without_second_step


def secure_workspace(*, workspace: Workspace, second_step: bool, by: Actor) -> Workspace:
    """Let everybody in with a second step only, or no longer; it holds from each member's next request.

    Raises: NotAllowed; Invalid for somebody without a second step, who would shut himself out.
    Records: teams.workspace.secured.
    """
    require(by, "teams.workspace.secure")
    if workspace.pk != by.workspace_id:
        raise NotFound(_("There is no such workspace."))
    if second_step == asks_for_second_step(workspace):
        return workspace
    if second_step and by.member_id and without_second_step(by).filter(pk=by.member_id).exists():
        message = _("Set up a second step for yourself first, or you would be shut out.")
        raise Invalid(message, fields={"second_step": [message]})
    workspace.settings = {**workspace.settings, SECOND_STEP: second_step}
    workspace.save(update_fields=["settings"])
    subject = Ref("teams.workspace", workspace.pk)
    record("teams.workspace.secured", by=by, subject=subject, second_step=second_step)
    return workspace
