"""Wiring of the library."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class LibraryConfig(AppConfig):
    """The library app."""

    name = "library"
    verbose_name = gettext_lazy("Library")

    def ready(self) -> None:
        """Declare the rights; say what an asset is to reviews, comments, covers and the rail."""
        from approvals.registry import register_approvable
        from comments.registry import register_anchorable
        from library import permissions, receivers, reviews
        from library.models import Asset
        from teams.places import Placing, register_placing
        from teams.shell import add_place
        from teams.subjects import register_subject

        register_subject(reviews.SUBJECT)
        register_approvable(reviews.APPROVABLE)
        register_anchorable(reviews.ANCHORABLE)
        register_placing(
            Asset, Placing(reviews.places_of_asset, reviews.assets_within), verbs=permissions.VERBS
        )
        add_place("library", gettext_lazy("Library"), "photo", "library:library", verb=permissions.SEE)
        receivers.register()
