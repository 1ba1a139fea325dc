"""Wiring of the first page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    """My work."""

    name = "home"

    def ready(self) -> None:
        """Declare the verbs and register with the apps below."""
        from home import permissions, receivers  # declares the verbs
        from home.work import post_items
        from teams.shell import add_place
        from teams.work import work_items

        receivers.register()
        work_items.register("home.posts", post_items)
        add_place("work", _("My work"), "checkbox", "home:work", verb=permissions.SEE)
