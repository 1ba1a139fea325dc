"""Who may see the list of own work."""

from django.utils.translation import gettext_lazy

from teams.permissions import EVERYBODY, Verb, register_verbs

SEE = "home.work.see"
VERBS = [Verb(SEE, gettext_lazy("see own work"), EVERYBODY, covers=False)]
register_verbs(VERBS)
