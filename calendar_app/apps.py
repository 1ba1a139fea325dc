"""Wiring of the content calendar."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CalendarConfig(AppConfig):
    """The calendar app."""

    name = "calendar_app"

    def ready(self) -> None:
        """Declare rights, say what a post is to the lower floors, register the dispatcher's work."""
        from approvals.registry import Approvable, register_approvable
        from calendar_app import permissions, previews, selectors  # declares the verbs
        from calendar_app.services import planning, reviews
        from core.ticks import Ticker, tickers
        from teams.shell import add_place, shell_urls
        from teams.subjects import Subject, register_subject

        register_subject(
            Subject(
                type=selectors.POST,
                load=selectors.get_post,
                label=str,
                path=lambda slug, ident: f"/w/{slug}/posts/{ident}/",
            )
        )
        register_approvable(
            Approvable(
                type=selectors.POST,
                on_state=reviews.on_request_state,
                describe=reviews.describe_posts,
                preview=previews.preview_revision,
                texts=reviews.texts_of,
                lock=reviews.lock_subject,
            )
        )
        add_place(
            "calendar", gettext_lazy("Calendar"), "calendar", "calendar_app:calendar", verb=permissions.SEE
        )
        add_place("posts", gettext_lazy("Posts"), "article", "calendar_app:posts", verb=permissions.SEE)
        shell_urls.register("new_post", "calendar_app:new_post")
        tickers.register("calendar_app.expire", Ticker(planning.expire_due, 5))
