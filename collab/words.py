"""What the subjects of the record are called where their own title is not shown: one word for each kind of thing."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activity.words import subject_words

NOUNS: "dict[str, str | Promise]" = {
    "approvals.request": _("a request for approval"),
    "approvals.workflow": _("an approval workflow"),
    "calendar_app.brief": _("the brief of a campaign"),
    "calendar_app.campaign": _("a campaign"),
    "calendar_app.feed": _("a calendar feed"),
    "calendar_app.keydate": _("a key date"),
    "calendar_app.label": _("a label"),
    "calendar_app.note": _("a note"),
    "calendar_app.post": _("a post"),
    "calendar_app.savedview": _("a view of the calendar"),
    "calendar_app.slot": _("a usual time"),
    "checkins.action": _("an action"),
    "checkins.meeting": _("a meeting"),
    "checkins.series": _("a check-in"),
    "comments.comment": _("a comment"),
    "files.media": _("a picture or video"),
    "guests.guestlink": _("a guest’s link"),
    "library.asset": _("a picture or video of the library"),
    "networks.channel": _("a channel"),
    "networks.networkapp": _("an app at a network"),
    "networks.workspacekey": _("the workspace's key"),
    "notifications.inbox": _("notices"),
    "publishing.delivery": _("a delivery"),
    "publishing.hold": _("the pause"),
    "surveys.round": _("a round of a survey"),
    "surveys.survey": _("a survey"),
    "surveys.trait": _("a result of one’s own"),
}


def register() -> None:
    """Name the kinds of thing, at start."""
    for subject_type, words in NOUNS.items():
        subject_words.register(subject_type, words)
