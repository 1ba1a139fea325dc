"""What the verbs and subjects of the record are called for people; upper apps may register finer words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.registry import Registry

verb_words: "Registry[str | Promise]" = Registry("activity.words.verb_words")
"""Words for a whole verb (`approvals.request.approved`), where its last part alone would not do."""

subject_words: "Registry[str | Promise]" = Registry("activity.words.subject_words")
"""Words for a subject type (`calendar_app.post`)."""

ACTIONS: "dict[str, str | Promise]" = {
    "accepted": pgettext_lazy("activity", "took over a suggestion for"),
    "added": pgettext_lazy("activity", "added"),
    "assigned": pgettext_lazy("activity", "gave somebody the work on"),
    "answered": pgettext_lazy("activity", "answered"),
    "approved": pgettext_lazy("activity", "approved"),
    "archived": pgettext_lazy("activity", "archived"),
    "attached": pgettext_lazy("activity", "added pictures to a comment on"),
    "backup_asked": pgettext_lazy("activity", "asked backups to approve"),
    "cancelled": pgettext_lazy("activity", "cancelled"),
    "changed": pgettext_lazy("activity", "changed"),
    "changes_requested": pgettext_lazy("activity", "requested changes of"),
    "chosen": pgettext_lazy("activity", "chose to begin with"),
    "claimed": pgettext_lazy("activity", "took up"),
    "closed": pgettext_lazy("activity", "closed"),
    "configured": pgettext_lazy("activity", "changed the settings of"),
    "connected": pgettext_lazy("activity", "connected"),
    "covered": pgettext_lazy("activity", "handed over"),
    "created": pgettext_lazy("activity", "created"),
    "decided": pgettext_lazy("activity", "decided on"),
    "decision_undone": pgettext_lazy("activity", "took back a decision on"),
    "deleted": pgettext_lazy("activity", "deleted"),
    "described": pgettext_lazy("activity", "described"),
    "disconnected": pgettext_lazy("activity", "disconnected"),
    "edited": pgettext_lazy("activity", "edited"),
    "end_noted": pgettext_lazy("activity", "noted the end of the log-in of"),
    "ended": pgettext_lazy("activity", "ended"),
    "entered": pgettext_lazy("activity", "entered"),
    "escalated": pgettext_lazy("activity", "escalated"),
    "expired": pgettext_lazy("activity", "let expire"),
    "failed": pgettext_lazy("activity", "could not publish"),
    "file_sent": pgettext_lazy("activity", "sent another file for"),
    "followed_request": pgettext_lazy("activity", "moved along with its review"),
    "given": pgettext_lazy("activity", "cleared"),
    "hand_escalated": pgettext_lazy("activity", "told the leads that nobody has posted"),
    "hand_reminded": pgettext_lazy("activity", "asked again to post"),
    "invited": pgettext_lazy("activity", "invited"),
    "joined": pgettext_lazy("activity", "joined"),
    "left": pgettext_lazy("activity", "left"),
    "login_needed": pgettext_lazy("activity", "asks for a new log-in to"),
    "made": pgettext_lazy("activity", "made"),
    "moderator_named": pgettext_lazy("activity", "named the moderator of"),
    "moved": pgettext_lazy("activity", "moved"),
    "needs_attention": pgettext_lazy("activity", "cannot tell the outcome of"),
    "opened": pgettext_lazy("activity", "opened"),
    "overridden": pgettext_lazy("activity", "went past the review of"),
    "overdue": pgettext_lazy("activity", "reminded of"),
    "noticed": pgettext_lazy("activity", "noticed"),
    "paused": pgettext_lazy("activity", "paused"),
    "placed": pgettext_lazy("activity", "moved"),
    "planned": pgettext_lazy("activity", "planned"),
    "prepared": pgettext_lazy("activity", "prepared"),
    "profile_changed": pgettext_lazy("activity", "changed the profile of"),
    "published": pgettext_lazy("activity", "published"),
    "recorded": pgettext_lazy("activity", "recorded"),
    "refused": pgettext_lazy("activity", "refused"),
    "rejected": pgettext_lazy("activity", "rejected"),
    "limited": pgettext_lazy("activity", "limited rights of"),
    "limit_changed": pgettext_lazy("activity", "changed a limit of"),
    "unlimited": pgettext_lazy("activity", "removed a limit of"),
    "previewed": pgettext_lazy("activity", "began to look as"),
    "preview_ended": pgettext_lazy("activity", "stopped looking as"),
    "reminded": pgettext_lazy("activity", "reminded of the approval of"),
    "removed": pgettext_lazy("activity", "removed"),
    "renamed": pgettext_lazy("activity", "renamed"),
    "reopened": pgettext_lazy("activity", "reopened"),
    "renewed": pgettext_lazy("activity", "sent again"),
    "resolved": pgettext_lazy("activity", "resolved"),
    "restored": pgettext_lazy("activity", "restored"),
    "resumed": pgettext_lazy("activity", "resumed"),
    "returned": pgettext_lazy("activity", "handed back"),
    "reviewed": pgettext_lazy("activity", "looked afterwards at"),
    "revoked": pgettext_lazy("activity", "took back"),
    "rewrapped": pgettext_lazy("activity", "renewed the key of"),
    "role_assigned": pgettext_lazy("activity", "changed the role of"),
    "sampled": pgettext_lazy("activity", "made the sample"),
    "saved": pgettext_lazy("activity", "saved"),
    "scheduled": pgettext_lazy("activity", "scheduled"),
    "secured": pgettext_lazy("activity", "changed the security rules of"),
    "sending": pgettext_lazy("activity", "began to send"),
    "set": pgettext_lazy("activity", "set"),
    "shared": pgettext_lazy("activity", "said who sees"),
    "slot_at_risk": pgettext_lazy("activity", "warned of the time of"),
    "stale": pgettext_lazy("activity", "outdated"),
    "started": pgettext_lazy("activity", "started"),
    "step_overdue": pgettext_lazy("activity", "reminded of a late step of"),
    "submitted": pgettext_lazy("activity", "submitted"),
    "told": pgettext_lazy("activity", "entered"),
    "turned_bad": pgettext_lazy("activity", "warned of"),
    "uncovered": pgettext_lazy("activity", "found nobody for"),
    "unknown": pgettext_lazy("activity", "does not know the outcome of"),
    "unscheduled": pgettext_lazy("activity", "unscheduled"),
    "uploaded": pgettext_lazy("activity", "uploaded"),
    "went_stale": pgettext_lazy("activity", "outdated"),
    "withdrawn": pgettext_lazy("activity", "withdrew"),
    "written": pgettext_lazy("activity", "wrote"),
}

NOUNS: "dict[str, str | Promise]" = {
    "teams.absence": _("an absence"),
    "teams.absencefeed": _("a calendar of absences"),
    "teams.accesskey": _("an access key"),
    "teams.directorygroup": _("a group of the directory"),
    "teams.directoryuser": _("somebody in the directory"),
    "teams.duty": _("a duty"),
    "teams.dutykind": _("a kind of work"),
    "teams.grouprule": _("a rule for a group"),
    "teams.guest": _("a guest"),
    "teams.identity": _("a connection with the log-in provider"),
    "teams.invitation": _("an invitation"),
    "teams.membership": _("a membership"),
    "teams.provider": _("the log-in provider"),
    "teams.role": _("a role"),
    "teams.staffsession": _("a visit"),
    "teams.team": _("a team"),
    "teams.timeout": _("a time-out"),
    "teams.workinghours": _("working hours"),
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
