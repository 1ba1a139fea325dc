"""Addresses of files in templates."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.template import Context

from files.links import media_url as signed_url
from files.models import Media

register = template.Library()
PIN_SHARE = 0.032


@register.simple_tag(takes_context=True)
def media_url(context: Context, media: Media, size: str = "original") -> str:
    """Return the address of a file in a size (original, 320, 1280 or poster): signed, or what the request says.

    A request sets `media_address` where its reader is to lose the files the moment he loses the page.
    """
    address = getattr(context.get("request"), "media_address", None)
    return str(address(media, size)) if address else signed_url(media, size)


@register.filter
def of(found: Mapping[Any, Any], key: Any) -> Any:
    """Return what stands under a key, None without."""
    return found.get(key) if found else None


@register.filter
def pin_size(media: Media) -> int:
    """Return the radius of a number on a picture, in the picture's own units: the same on small and large ones."""
    return max(1, round(max(media.width or 100, media.height or 100) * PIN_SHARE))
