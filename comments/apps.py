"""Wiring of comments."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CommentsConfig(AppConfig):
    """Comments on any subject."""

    name = "comments"
    verbose_name = gettext_lazy("Comments")

    def ready(self) -> None:
        """Declare the verbs, say where comments lie, and register with the apps below."""
        from comments import permissions  # noqa: F401  # declares them
        from comments.models import Comment
        from comments.places import comments_within, places_of_comment
        from comments.work import MENTIONS
        from teams.places import Placing, register_placing
        from teams.work import work_sources

        register_placing(Comment, Placing(places_of_comment, comments_within, is_subject=False))
        work_sources.register("comments", MENTIONS)
