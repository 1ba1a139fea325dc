"""Who may read, write, change and resolve comments."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comments.models import Comment
from teams.actors import Actor
from teams.permissions import EVERYBODY, WRITERS, Refusal, Verb, condition, refuse, register_verbs, scoper
from teams.states import ActorKind

SEE = "comments.comment.see"
WRITE = "comments.comment.write"
EDIT = "comments.comment.edit"
RESOLVE = "comments.comment.resolve"

VERBS = [
    Verb(SEE, gettext_lazy("read comments"), EVERYBODY, covers=True),
    Verb(WRITE, gettext_lazy("write comments"), WRITERS, covers=True),
    Verb(EDIT, gettext_lazy("change own comments"), WRITERS, covers=False),
    Verb(RESOLVE, gettext_lazy("resolve comments"), WRITERS, covers=True),
]
register_verbs(VERBS)


@condition(EDIT)
def only_own(actor: Actor, comment: Comment) -> Refusal | None:
    """Let everybody change only what they wrote themselves."""
    own = comment.member_id == actor.member_id if actor.member_id else comment.guest_id == actor.id
    return None if own else refuse(EDIT, _("Somebody else wrote this comment."))


@scoper(SEE)
def without_internal_for_guests(actor: Actor, comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """Keep internal comments from people outside the workspace."""
    return comments.filter(is_internal=False) if actor.kind == ActorKind.GUEST else comments
