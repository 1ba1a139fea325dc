"""The real URLconf, flat: each route with its rule and the parts of its address that need filling."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from teams.gates import Access, access_of

PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")

PUBLIC_LIBRARY_ROUTES = ("accounts/",)
"""Routes of libraries that guard themselves; everything else declares a rule of ours."""


@dataclass(frozen=True)
class Route:
    """One route of the URLconf."""

    pattern: str
    name: str
    view: Any
    access: Access | None

    @property
    def places(self) -> list[str]:
        """Return the names of the parts to fill, without the workspace."""
        return [name for _kind, name in PLACE.findall(self.pattern) if name != "workspace"]

    @property
    def in_workspace(self) -> bool:
        """Tell whether the address names a workspace."""
        return "<slug:workspace>" in self.pattern

    @property
    def is_api(self) -> bool:
        """Tell whether it is for programs."""
        return self.pattern.startswith("api/")

    @property
    def is_library(self) -> bool:
        """Tell whether it belongs to a library that guards itself."""
        module = getattr(getattr(self.view, "view_class", self.view), "__module__", "")
        return self.access is None and module.startswith(tuple(settings.SELF_GUARDING_MODULES))

    def path(self, slug: str, values: dict[str, Any]) -> str:
        """Return the address with the workspace and all places filled."""
        filled = {**values, "workspace": slug}
        return "/" + PLACE.sub(lambda found: str(filled[found[2]]), self.pattern)


def routes() -> list[Route]:
    """Return all routes of the root URLconf."""
    return list(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[Any], prefix: str, namespace: str) -> Iterator[Route]:
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            yield from _walk(pattern.url_patterns, here, inner)
        elif isinstance(pattern, URLPattern):
            name = ":".join(part for part in (namespace, pattern.name or "") if part)
            yield Route(here, name, pattern.callback, access_of(pattern.callback))
