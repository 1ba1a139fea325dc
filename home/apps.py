"""Wiring of the first page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    """My work."""

    name = "home"
    verbose_name = _("My work")

    def ready(self) -> None:
        """Declare the verbs and register with the apps below."""
        from home import permissions, receivers  # declares the verbs
        from home.selectors import doing_rows
        from home.work import POSTS
        from teams.shell import add_place
        from teams.work import work_sources

        receivers.register()
        work_sources.register("home.posts", POSTS)
        add_place("work", _("My work"), "checkbox", "home:work", verb=permissions.SEE, waiting=doing_rows)
