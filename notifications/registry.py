"""The kinds of notice: upper apps register how each is worded and whether it is mailed."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from core.registry import Registry
from notifications.models import Notice


@dataclass(frozen=True, slots=True)
class NoticeType:
    """A kind of notice.

    `title(notice)` is one line and `body(notice)` what follows it, both in the language that is active; `path`
    is the page to open, where it is not the subject's own. Mails of a kind that is collected wait for more of the
    like, so that many are one mail; `action(notice)` is the path of a link in the mail by which its reader acts at
    once, or empty; an urgent kind is mailed in quiet hours too.
    """

    key: str
    label: "str | Promise"
    title: Callable[[Notice], str]
    body: Callable[[Notice], str]
    mail: bool = True
    icon: str = "bell"
    path: Callable[[str, Notice], str] | None = None
    action: Callable[[Notice], str] | None = None
    is_collected: bool = False
    is_urgent: bool = False


notice_types: Registry[NoticeType] = Registry("notifications.registry.notice_types")


def register_notice_types(*types: NoticeType) -> None:
    """Add kinds of notice, at start."""
    for kind in types:
        notice_types.register(kind.key, kind)
