"""Who may see, change and submit what is in the library."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.changing import BARRING, changing_for
from approvals.pieces import PieceState
from core.refs import Ref
from library.models import ASSET, Asset
from teams.actors import Actor
from teams.permissions import EVERYBODY, WRITERS, Refusal, Verb, condition, refuse, register_verbs

SEE = "library.asset.see"
EDIT = "library.asset.edit"
SUBMIT = "library.asset.submit"
VERBS = (SEE, EDIT, SUBMIT)

register_verbs(
    [
        Verb(SEE, gettext_lazy("see the library"), EVERYBODY, covers=True),
        Verb(EDIT, gettext_lazy("describe and replace what is in the library"), WRITERS, covers=True),
        Verb(SUBMIT, gettext_lazy("submit pictures and videos for approval"), WRITERS, covers=True),
    ]
)


@condition(EDIT)
def as_its_review_lets(actor: Actor, asset: Any) -> Refusal | None:
    """Hold an approver of an asset to what his step lets him change."""
    if not isinstance(asset, Asset) or asset.state != PieceState.IN_REVIEW:
        return None
    if changing_for(actor, Ref(ASSET, asset.pk)) in BARRING:
        return refuse(EDIT, _("You judge this now, and its workflow lets you only decide and comment."))
    return None
