"""What the verbs and subjects of the record are called for people; upper apps may register finer words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.registry import Registry

verb_words: "Registry[str | Promise]" = Registry("activity.words.verb_words")
"""Words for a whole verb (`approvals.request.approved`), where its last part alone would not do."""

subject_words: "Registry[str | Promise]" = Registry("activity.words.subject_words")
"""Words for a subject type (`calendar_app.post`)."""

ACTIONS: "dict[str, str | Promise]" = {
    "added": _("added"),
    "approved": _("approved"),
    "archived": _("archived"),
    "cancelled": _("cancelled"),
    "changed": _("changed"),
    "changes_requested": _("requested changes of"),
    "configured": _("changed the settings of"),
    "connected": _("connected"),
    "created": _("created"),
    "decided": _("decided on"),
    "deleted": _("deleted"),
    "disconnected": _("disconnected"),
    "edited": _("edited"),
    "ended": _("ended"),
    "failed": _("could not publish"),
    "invited": _("invited"),
    "joined": _("joined"),
    "made": _("made"),
    "moved": _("moved"),
    "paused": _("paused"),
    "published": _("published"),
    "recorded": _("recorded"),
    "rejected": _("rejected"),
    "renamed": _("renamed"),
    "resolved": _("resolved"),
    "restored": _("restored"),
    "resumed": _("resumed"),
    "revoked": _("took back"),
    "role_assigned": _("changed the role of"),
    "saved": _("saved"),
    "scheduled": _("scheduled"),
    "set": _("set"),
    "stale": _("outdated"),
    "submitted": _("submitted"),
    "unscheduled": _("unscheduled"),
    "uploaded": _("uploaded"),
    "withdrawn": _("withdrew"),
}

NOUNS: "dict[str, str | Promise]" = {
    "teams.absence": _("an absence"),
    "teams.accesskey": _("an access key"),
    "teams.invitation": _("an invitation"),
    "teams.membership": _("a membership"),
    "teams.role": _("a role"),
    "teams.team": _("a team"),
    "teams.workspace": _("the workspace"),
}


def word_of(verb: str) -> str:
    """Return what was done, for people."""
    action = verb.rpartition(".")[2]
    return str(verb_words.find(verb) or ACTIONS.get(action) or action.replace("_", " "))


def noun_of(subject_type: str) -> str:
    """Return what it was done to, for people."""
    known = subject_words.find(subject_type) or NOUNS.get(subject_type)
    return str(known or subject_type.rpartition(".")[2].replace("_", " "))
