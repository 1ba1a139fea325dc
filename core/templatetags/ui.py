"""Template tags of the interface: icons, marks, states, people, times, fields.

They know how things look and what they are called, never who may do what.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, ClearableFileInput, RadioSelect
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

ICON_SIZES = {"": "icon", "s": "icon icon-s", "m": "icon icon-m", "l": "icon icon-l"}
PERSON_HUES = 10
CAMPAIGN_HUES = 8
WORKSPACE_HUES = 6
HUE_SEED = 604  # spreads the demo cast over different colours

NAV_GROUPS = {
    "library": "more", "guides": "more", "inbox": "more", "reports": "more",
    "channels": "more", "log": "more", "settings": "foot",
}  # fmt: skip

# state → (icon, word). Post states first, then what only requests and deliveries know.
STATES = {
    "draft": ("pencil", _("Draft")),
    "in_review": ("eye", _("In review")),
    "changes_requested": ("arrow-back-up", _("Changes requested")),
    "rejected": ("circle-x", _("Rejected")),
    "approved": ("circle-check", _("Approved")),
    "scheduled": ("clock", _("Scheduled")),
    "publishing": ("send-2", _("Publishing")),
    "published": ("circle-check-filled", _("Published")),
    "partly_published": ("circle-half-2", _("Partly published")),
    "needs_attention": ("alert-triangle-filled", _("Needs attention")),
    "failed": ("alert-octagon", _("Failed")),
    "expired": ("clock-x", _("Expired")),
    "cancelled": ("ban", _("Cancelled")),
    "archived": ("archive", _("Archived")),
}
POST_STATES = tuple(STATES)
# Request and delivery states borrow the colour of the post state they belong to.
ALIASES = {
    "open": ("in_review", "eye", _("Waiting")),
    "withdrawn": ("draft", "arrow-back-up", _("Withdrawn")),
    "stale": ("changes_requested", "history", _("Out of date")),
    "claimed": ("publishing", "send-2", _("Starting")),
    "prepared": ("publishing", "cloud-upload", _("Prepared")),
    "sending": ("publishing", "send-2", _("Sending")),
    "unknown": ("publishing", "hourglass", _("Outcome not known yet")),
    "held": ("held", "player-pause-filled", _("Paused")),
}

NETWORKS = {
    "newsroom": "Newsroom", "bluesky": "Bluesky", "mastodon": "Mastodon", "instagram": "Instagram",
    "facebook": "Facebook", "threads": "Threads", "linkedin": "LinkedIn", "x": "X", "tiktok": "TikTok",
    "youtube": "YouTube", "pinterest": "Pinterest", "telegram": "Telegram", "wordpress": "WordPress",
    "whatsapp": "WhatsApp", "reddit": "Reddit", "discord": "Discord", "medium": "Medium", "messenger": "Messenger",
    "meta": "Meta", "google": "Google", "google-business": "Google Business Profile",
    "google-calendar": "Google Calendar", "google-drive": "Google Drive", "google-sheets": "Google Sheets",
    "google-ads": "Google Ads", "google-analytics": "Google Analytics", "slack": "Slack", "teams": "Microsoft Teams",
    "trello": "Trello", "asana": "Asana", "notion": "Notion", "dropbox": "Dropbox", "figma": "Figma",
    "adobe": "Adobe", "rss": "RSS",
}  # fmt: skip
PLAIN_MARKS = {"webhook": "webhook", "by-hand": "device-mobile"}
"""Networks that belong to nobody and so have an icon instead of a mark."""


def sprite(symbol: str) -> str:
    """Address one symbol of the icon sprite."""
    return f"{_sprite_file()}#{symbol}"


@cache
def _sprite_file() -> str:
    """Return the sprite's address; a page asks for it hundreds of times and it stays while the process runs."""
    return static("icons/icons.svg")


@register.simple_tag
def sprite_url(symbol: str) -> str:
    """Address a symbol for markup that needs its own classes."""
    return sprite(symbol)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw a decorative icon; size is "s", "m", "l" or nothing (14, 16, 22, 18 px)."""
    fill = mark_safe(" data-fill") if name.endswith("-filled") else ""
    return format_html(
        '<svg class="{}"{} aria-hidden="true"><use href="{}"/></svg>',
        ICON_SIZES[size],
        fill,
        sprite(f"i-{name}"),
    )


@register.filter
def network_name(kind: str) -> str:
    """Give the network's own name."""
    key = str(kind).replace("_", "-")
    return NETWORKS.get(key, key.replace("-", " ").capitalize())


@register.simple_tag
def network_mark(kind: str, size: str = "", quiet: bool = False) -> SafeString:
    """Draw a network's mark, named for screen readers unless quiet (the name stands beside it)."""
    key = str(kind).replace("_", "-")
    href = sprite(f"net-{key}") if key in NETWORKS else sprite(f"i-{PLAIN_MARKS.get(key, 'world')}")
    base = "net" if key in NETWORKS else "icon"
    css = f"{base} {base}-s" if size == "s" else base
    if quiet:
        return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, href)
    name = network_name(key)
    return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, name, href)


def state_look(state: str) -> tuple[str, str, str]:
    """Return colour key, icon and word of a post, request or delivery state."""
    if state in STATES:
        name, word = STATES[state]
        return state, name, str(word)
    colour, name, word = ALIASES[state]
    return colour, name, str(word)


@register.filter
def state_word(state: str) -> str:
    """Name a state in the reader's language."""
    return state_look(state)[2]


@register.simple_tag
def state_icon(state: str, named: bool = True) -> SafeString:
    """Draw a state's icon as it stands in chips; its word stays in the accessible name."""
    _colour, name, word = state_look(state)
    label = format_html('<span class="vh">{}</span>', word) if named else ""
    return format_html("{}{}", icon(name, "s"), label)


@register.simple_tag
def state_badge(state: str, held: bool = False, plain: bool = False) -> SafeString:
    """Show a state by colour, icon and word, with the paused mark on top when held; plain leaves out the field."""
    colour, name, word = state_look(state)
    css = "state" if plain else "state state-badge"
    badge = format_html('<span class="{}" data-state="{}">{}{}</span>', css, colour, icon(name, "s"), word)
    return format_html("{} {}", badge, held_mark()) if held else badge


@register.simple_tag
def held_mark(named: bool = True) -> SafeString:
    """Show that outgoing posts are paused: the mark on top of any state."""
    word = gettext("Paused")
    label = word if named else format_html('<span class="vh">{}</span>', word)
    return format_html('<span class="state mark-held">{}{}</span>', icon("player-pause-filled", "s"), label)


def hue_of(key: object, count: int) -> int:
    """Choose one of count data colours, always the same for the same key."""
    return zlib.crc32(str(key).casefold().encode(), HUE_SEED) % count + 1


@register.filter
def tag_hue(key: object) -> int:
    """Choose the colour of a campaign: `data-tag="{{ campaign.id|tag_hue }}"`."""
    return hue_of(key, CAMPAIGN_HUES)


@register.filter
def initials(name: str, count: int = 1) -> str:
    """Give the first letters of a name."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:count]).upper() or "?"


@register.simple_tag
def avatar(
    name: str, who: object = "", size: str = "", away: bool = False, named: bool = False
) -> SafeString:
    """Draw a person's initial; hidden from screen readers unless named, since the name stands beside it.

    `who` chooses the colour where the first name would not be stable enough.
    """
    first = str(name).split(" ", 1)[0]
    css = f"avatar avatar-{size}" if size else "avatar"
    flags = mark_safe(" data-away") if away else ""
    voice = format_html(' role="img" aria-label="{}"', name) if named else mark_safe(' aria-hidden="true"')
    hue = hue_of(who or first, PERSON_HUES)
    return format_html('<span class="{}" data-hue="{}"{}{}>{}</span>', css, hue, flags, voice, initials(name))


@register.simple_tag
def workspace_mark(name: str) -> SafeString:
    """Draw a workspace's two letters on its colour."""
    hue = hue_of(name, WORKSPACE_HUES)
    return format_html(
        '<span class="workspace-mark" data-mark="{}" aria-hidden="true">{}</span>', hue, initials(name, 2)
    )


def zone_of(value: object) -> ZoneInfo | None:
    """Read a zone from a name or a zone."""
    if not value:
        return None
    return value if isinstance(value, ZoneInfo) else ZoneInfo(str(value))


def say_time(moment: datetime, style: str) -> str:
    """Write a moment in the reader's language: time, date, when, day, weekday or full."""
    if style == "time":
        return time_format(moment, "H:i")
    if style == "seconds":
        return f"{date_format(moment, 'D j M')}, {time_format(moment, 'H:i:s')}"
    day = date_format(moment, {"date": "j M Y", "day": "D j", "full": "l j F Y"}.get(style, "D j M"))
    return day if style in {"date", "day", "weekday"} else f"{day}, {time_format(moment, 'H:i')}"


@register.simple_tag(takes_context=True)
def localtime(context: Context, dt: datetime | None, zone: object = None, style: str = "when") -> str:
    """Show a moment in the workspace's zone, with the viewer's own time on hover where it differs.

    Styles: when (Thu 19 Mar, 21:15), time, day, date, full, seconds.
    """
    if dt is None:
        return ""
    shell: Any = context.get("shell") or {}
    ours = zone_of(zone) or zone_of(dig(shell, "workspace", "timezone")) or timezone.get_current_timezone()
    theirs = zone_of(dig(shell, "user", "timezone")) or ours
    local, own = dt.astimezone(ours), dt.astimezone(theirs)
    title = f"{say_time(local, 'full')} ({ours})"
    if own.utcoffset() != local.utcoffset():
        title = gettext("%(theirs)s your time, %(ours)s") % {"theirs": say_time(own, "when"), "ours": title}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', dt.isoformat(), title, say_time(local, style)
    )


def dig(source: Any, *names: str) -> Any:
    """Follow names through dicts and attributes, None where the way ends."""
    for name in names:
        source = source.get(name) if isinstance(source, dict) else getattr(source, name, None)
    return source


def widget_kind(bound: BoundField) -> str:
    """Tell which shape a field takes on the page."""
    widget = bound.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "check"
    return "file" if isinstance(widget, ClearableFileInput) else "input"


@register.inclusion_tag("ui/field.html")
def field(
    bound: BoundField, label: str = "", hint: str = "", quiet: bool = False, **attrs: str
) -> dict[str, Any]:
    """Render one form field with label, help and errors wired together; quiet hides the label from sight."""
    kind = widget_kind(bound)
    described = [f"{bound.id_for_label}-errors"] if bound.errors else []
    help_text = hint or bound.help_text
    if help_text:
        described.append(f"{bound.id_for_label}-help")
    extra: dict[str, Any] = {name.replace("_", "-"): value for name, value in attrs.items()}
    if kind in {"input", "file"}:
        extra["class"] = f"{bound.field.widget.attrs.get('class', '')} input".strip()
    if described:
        extra["aria-describedby"] = " ".join(described)
    if bound.errors:
        extra["aria-invalid"] = "true"
    return {
        "bound": bound, "kind": kind, "control": bound.as_widget(attrs=extra), "quiet": quiet,
        "label": label or bound.label, "help": help_text, "id": bound.id_for_label,
    }  # fmt: skip


@register.simple_tag(takes_context=True)
def nav_groups(context: Context, items: Any) -> dict[str, list[dict[str, Any]]]:
    """Sort the navigation into main, more and foot, and mark where the reader is.

    The page may say so itself by `nav_key`; else the longest matching address wins.
    """
    groups: dict[str, list[dict[str, Any]]] = {"main": [], "more": [], "foot": []}
    path = str(dig(context.get("request"), "path") or "")
    here = [item for item in items or () if path.startswith(str(item["url"]))]
    nearest = max(here, key=lambda item: len(str(item["url"])), default=None)
    key = context.get("nav_key") or (nearest and nearest["key"])
    for item in items or ():
        group = item.get("group") or NAV_GROUPS.get(item["key"], "main")
        groups[group].append({**item, "current": item["key"] == key})
    return groups


@register.simple_tag
def nav_item(items: Any, key: str) -> Any:
    """Find one place of the navigation by its key, None when this workspace has it not."""
    return next((item for item in items or () if item["key"] == key), None)


@register.filter
def undo_url(message: object) -> str:
    """Read the undo address a message carries as `extra_tags="undo:/w/…"`."""
    tags = str(getattr(message, "extra_tags", "") or "")
    return next((tag[5:] for tag in tags.split() if tag.startswith("undo:")), "")


@register.filter
def short(text: str, length: int = 60) -> str:
    """Shorten text at a character, with an ellipsis."""
    return Truncator(text).chars(length)


@cache
def script_names() -> tuple[str, ...]:
    """List the controllers that exist, once per process."""
    found = finders.find("js/controllers")
    folder = Path(found) if found else Path(str(settings.STATIC_ROOT)) / "js/controllers"
    stems = {path.name.split(".", 1)[0] for path in folder.glob("*.js")}
    return tuple(sorted(stems))


@register.simple_tag(takes_context=True)
def import_map(context: Context) -> SafeString:
    """Write the import map with the page's nonce, and ask the browser to fetch the modules early."""
    modules = {"stimulus": static("vendor/stimulus.js"), "events": static("js/events.js")}
    modules |= {f"controllers/{name}": static(f"js/controllers/{name}.js") for name in script_names()}
    text = json.dumps({"imports": modules}, separators=(",", ":")).replace("<", "\\u003c")
    nonce = getattr(context.get("request"), "csp_nonce", "")
    early = format_html_join("", '<link rel="modulepreload" href="{}">', ((url,) for url in modules.values()))
    content = mark_safe(text)  # noqa: S308 - our own file names, with "<" escaped
    return format_html('<script type="importmap" nonce="{}">{}</script>{}', nonce, content, early)
