"""Wiring of the content calendar."""

from django.apps import AppConfig


class CalendarConfig(AppConfig):
    """The calendar app."""

    name = "calendar_app"

    def ready(self) -> None:
        """Declare rights, say what a post is to the lower floors, register the dispatcher's work."""
        from approvals.registry import Approvable, register_approvable
        from calendar_app import permissions, previews, selectors  # noqa: F401  # declares the verbs
        from calendar_app.services import planning, reviews
        from core.ticks import Ticker, tickers
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
        tickers.register("calendar_app.expire", Ticker(planning.expire_due, 5))
