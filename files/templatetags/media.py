"""Addresses of files in templates."""

from django import template

from files.links import media_url as signed_url
from files.models import Media

register = template.Library()


@register.simple_tag
def media_url(media: Media, size: str = "original") -> str:
    """Return the signed address of a file in a size: original, 320, 1280 or poster."""
    return signed_url(media, size)
