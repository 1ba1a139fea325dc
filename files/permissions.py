"""Who may add, see and describe files."""

from django.utils.translation import gettext_lazy as _

from teams.permissions import EVERYBODY, WRITERS, Verb, register_verbs

register_verbs(
    [
        Verb("files.media.see", _("see pictures and videos"), EVERYBODY, covers=True),
        Verb("files.media.upload", _("upload pictures and videos"), WRITERS, covers=True),
        Verb("files.media.edit", _("describe and archive pictures and videos"), WRITERS, covers=True),
    ]
)
