"""Wiring of the content calendar."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class CalendarConfig(AppConfig):
    """The calendar app."""

    name = "calendar_app"
    verbose_name = gettext_lazy("Posts and calendar")

    def ready(self) -> None:
        """Declare rights, say what a post is to the lower floors, register the dispatcher's work."""
        from calendar_app import permissions, receivers  # noqa: F401  # declares the verbs

        receivers.register()
        _say_what_posts_are()
        _say_what_briefs_are()
        _say_what_reviews_choose_from()
        _say_what_comments_point_at()
        _say_where_things_stand()
        _tell_who_holds_what()


def _say_what_posts_are() -> None:
    """Let lower floors load, name, judge and route posts."""
    from approvals.registry import Approvable, register_approvable
    from calendar_app import permissions, previews, queueing, routing, selectors
    from calendar_app.services import imports, planning, reviews
    from core.ticks import Ticker, tickers
    from teams.subjects import Subject, register_subject

    register_subject(
        Subject(
            type=selectors.POST,
            load=selectors.get_post,
            label=str,
            path=lambda slug, ident: f"/w/{slug}/posts/{ident}/",
            rows=selectors.posts_visible_to,
            labels=selectors.names_of_posts,
            is_alike=permissions.sees_every_post,
        )
    )
    register_approvable(
        Approvable(
            type=selectors.POST,
            on_state=reviews.on_request_state,
            describe=reviews.describe_posts,
            preview=previews.preview_revision,
            texts=reviews.texts_of,
            pictures=previews.pictures_of,
            lock=reviews.lock_subject,
            recent=routing.recent_posts,
            submit=reviews.submit_by_ref,
            standing=reviews.standing_of,
            parts=reviews.parts_of,
            goes_out_at=reviews.slot_of,
            hash_of=reviews.hash_of,
            slot=queueing.slot_of_row,
            contents=previews.contents_of,
            narrow=queueing.posts_in_queue,
            edit_path=lambda slug, ident: f"/w/{slug}/posts/{ident}/edit/",
        )
    )
    tickers.register("calendar_app.expire", Ticker(planning.expire_due, 5))
    tickers.register("calendar_app.rescue_imports", Ticker(imports.rescue_imports, 30))


def _say_what_briefs_are() -> None:
    """Let lower floors load, name, judge and talk about the briefs of campaigns, and cover them with the campaign."""
    from approvals.registry import register_approvable
    from calendar_app import brief_reviews, permissions, places
    from calendar_app.briefs import Brief
    from comments.registry import register_anchorable
    from teams.places import Placing, register_placing
    from teams.subjects import register_subject

    register_subject(brief_reviews.SUBJECT)
    register_approvable(brief_reviews.APPROVABLE)
    register_anchorable(brief_reviews.ANCHORABLE)
    register_placing(
        Brief, Placing(places.places_of_brief, places.briefs_within), verbs=permissions.ABOUT_BRIEFS
    )


def _say_what_reviews_choose_from() -> None:
    """Give workflows what they are routed by, and queues what they are narrowed by."""
    from approvals.registry import queue_choices, route_options
    from calendar_app import queueing, routing

    for kind, ask in routing.options().items():
        route_options.register(kind, ask)
    for name, rows in queueing.choices().items():
        queue_choices.register(name, rows)


def _say_what_comments_point_at() -> None:
    """Let comments stand on the words and pictures of posts."""
    from calendar_app import anchoring
    from calendar_app.keeping import COMMENT_FILES
    from calendar_app.selectors import POST
    from comments.ports import keeper
    from comments.registry import Anchorable, register_anchorable

    keeper.fill(COMMENT_FILES)
    register_anchorable(
        Anchorable(
            type=POST,
            body=anchoring.body_of_post,
            replace=anchoring.replace_words,
            number=anchoring.number_of_post,
            against_suggesting=anchoring.against_suggesting,
        )
    )


def _say_where_things_stand() -> None:
    """Give the shell its places, and cover the channels and campaigns that things belong to."""
    from calendar_app import limits, permissions, places
    from calendar_app.models import Campaign, Post
    from calendar_app.states import PostState
    from teams.limits import Limiting, register_limiting, state_choices
    from teams.places import Placing, register_placing
    from teams.shell import add_place, shell_urls

    register_limiting(Post, Limiting(limits.posts_limited, is_subject=True), verbs=limits.LIMITABLE)
    state_choices.register("calendar_app.posts", lambda: PostState.choices)
    register_placing(Post, Placing(places.places_of_post, places.posts_within), verbs=permissions.ABOUT_POSTS)
    register_placing(
        Campaign,
        Placing(places.places_of_campaign, places.campaigns_within),
        verbs=[permissions.EDIT_CAMPAIGN],
    )
    add_place("calendar", gettext_lazy("Calendar"), "calendar", "calendar_app:calendar", verb=permissions.SEE)
    add_place("posts", gettext_lazy("Posts"), "article", "calendar_app:posts", verb=permissions.SEE)
    shell_urls.register("new_post", "calendar_app:new_post")
    shell_urls.register("search", "calendar_app:posts")


def _tell_who_holds_what() -> None:
    """Count posts and campaigns as work, as scopes and gaps of duties, and as what a leaver hands over."""
    from calendar_app import duties
    from calendar_app.gap_work import CAMPAIGNS
    from calendar_app.leaving import CALENDAR_HOLDER
    from teams.holdings import holders
    from teams.scopes import load_facts, scope_choices
    from teams.work import work_sources

    holders.register("calendar_app", CALENDAR_HOLDER)
    scope_choices.register("calendar_app.campaigns", duties.campaign_choices)
    load_facts.register("calendar_app.posts", duties.post_load)
    work_sources.register("calendar_app.gaps", CAMPAIGNS)
