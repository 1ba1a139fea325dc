"""What a channel allows, in words."""

from collections.abc import Mapping
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _


def text_most(limits: Mapping[str, Any], *, has_files: bool) -> int:
    """Return how long the text of a post may be; some networks allow less beside files."""
    return int((has_files and limits.get("caption_max")) or limits.get("text_max", 0))


def limits_in_words(limits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and value of each limit that the channel has."""
    found = [
        (_("Text"), _("%(n)s characters") % {"n": _grouped(limits.get("text_max", 0))}),
        (_("Files per post"), str(limits.get("media_max", 0))),
        (_("Picture"), _("up to %(size)s") % {"size": filesizeformat(limits.get("image_bytes", 0))}),
        (_("Video"), _video(limits)),
        (_("Description of a file"), _("%(n)s characters") % {"n": _grouped(limits.get("alt_max", 0))}),
    ]
    if limits.get("caption_max"):
        found.insert(
            1, (_("Text beside files"), _("%(n)s characters") % {"n": _grouped(limits["caption_max"])})
        )
    if limits.get("url_length"):
        found.append((_("Link"), _("counts as %(n)s characters") % {"n": limits["url_length"]}))
    return found


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def _video(limits: Mapping[str, Any]) -> str:
    if not limits.get("video_bytes"):
        return _("not taken")
    size = filesizeformat(limits["video_bytes"])
    if not limits.get("video_seconds"):
        return _("up to %(size)s") % {"size": size}
    return _("up to %(size)s and %(n)s seconds") % {"size": size, "n": limits["video_seconds"]}
