"""Who may read the record."""

from django.utils.translation import gettext_lazy

from teams.permissions import EVERYBODY, Verb, register_verbs

VERBS = [Verb("activity.entry.see", gettext_lazy("read the activity record"), EVERYBODY, covers=True)]
register_verbs(VERBS)
