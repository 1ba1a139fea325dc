"""The public pages and feeds of a newsroom."""

import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed, Enclosure
from django.utils.html import linebreaks, urlize

from files.links import media_url
from files.models import Media
from files.states import MediaKind
from networks.newsroom.items import Shown, item_url, show, standing_items
from teams.gates import public

PAGE_ITEMS = 20
FEED_ITEMS = 50


@public("GET")
def front(request: HttpRequest) -> HttpResponse:
    """Show the newest items of the workspace; `?before=` goes further back."""
    rows = standing_items()
    before = _instant(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(published_at__lt=before)
    found = list(rows[: PAGE_ITEMS + 1])
    older = found[PAGE_ITEMS - 1].published_at if len(found) > PAGE_ITEMS else None
    shown = [_for_page(request, entry) for entry in show(found[:PAGE_ITEMS])]
    context = {**_context(request), "items": shown, "older": older.isoformat() if older else ""}
    return _render(request, "networks/newsroom_front.html", context)


@public("GET")
def item(request: HttpRequest, key: str) -> HttpResponse:
    """Show one item."""
    found = standing_items().filter(key=key).first()
    if found is None:
        raise Http404
    entry = _for_page(request, show([found])[0])
    return _render(request, "networks/newsroom_item.html", {**_context(request), "entry": entry})


@public("GET")
def atom(request: HttpRequest) -> HttpResponse:
    """Give the newest items as an Atom feed."""
    workspace = request.workspace
    feed = Atom1Feed(
        title=workspace.name,
        link=_address("newsroom:front", workspace.slug),
        feed_url=_address("newsroom:atom", workspace.slug),
        description="",
        language=workspace.language,
    )
    for shown in show(list(standing_items()[:FEED_ITEMS])):
        url = item_url(workspace, shown.item.key)
        feed.add_item(
            title=shown.title,
            link=url,
            description=_html(shown),
            unique_id=f"urn:uuid:{shown.item.pk}",
            pubdate=shown.item.published_at,
            updateddate=shown.item.published_at,
            author_name=workspace.name,
            enclosures=[
                Enclosure(_picture(media), str(media.bytes), media.mime) for media, _alt in shown.media
            ],
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@public("GET")
def json_feed(request: HttpRequest) -> HttpResponse:
    """Give the newest items as a JSON feed. Source: jsonfeed.org/version/1.1, read 2026-11."""
    workspace = request.workspace
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": workspace.name,
        "home_page_url": _address("newsroom:front", workspace.slug),
        "feed_url": _address("newsroom:json", workspace.slug),
        "language": workspace.language,
        "items": [_json_item(workspace, shown) for shown in show(list(standing_items()[:FEED_ITEMS]))],
    }
    text = json.dumps(feed, ensure_ascii=False)
    return HttpResponse(text, content_type="application/feed+json; charset=utf-8")


def _json_item(workspace: Any, shown: Shown) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": f"urn:uuid:{shown.item.pk}",
        "url": item_url(workspace, shown.item.key),
        "title": shown.title,
        "content_text": shown.item.payload["text"],
        "date_published": shown.item.published_at.isoformat(),
        "attachments": [
            {"url": _picture(media), "mime_type": media.mime, "size_in_bytes": media.bytes, "title": alt}
            for media, alt in shown.media
        ],
    }
    return entry | ({"language": shown.item.payload["language"]} if shown.item.payload["language"] else {})


def _for_page(request: HttpRequest, shown: Shown) -> dict[str, Any]:
    workspace = request.workspace
    return {
        "url": reverse("newsroom:item", args=[workspace.slug, shown.item.key]),
        "headline": shown.item.payload["title"],
        "title": shown.title,
        "text": shown.item.payload["text"],
        "language": shown.item.payload["language"],
        "published_at": shown.item.published_at,
        "media": [
            {
                "url": media_url(media, "1280"),
                "alt": alt,
                "kind": str(media.kind),
                "file": media_url(media, "full"),
            }
            for media, alt in shown.media
        ],
    }


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render in the workspace's language: the page is its own, whoever reads it."""
    with translation.override(request.workspace.language):
        return render(request, template, context)


def _context(request: HttpRequest) -> dict[str, Any]:
    workspace = request.workspace
    return {"newsroom": workspace, "description": workspace.name}


def _html(shown: Shown) -> str:
    return linebreaks(urlize(shown.item.payload["text"], nofollow=True, autoescape=True))


def _shown_size(media: Media) -> str:
    return "poster" if media.kind == MediaKind.VIDEO else "1280"


def _picture(media: Media) -> str:
    return f"{settings.BASE_URL}{media_url(media)}"


def _address(name: str, slug: str) -> str:
    return str(settings.BASE_URL) + reverse(name, args=[slug])


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
