"""Posts, campaigns, notes and slots."""

from datetime import date, time, timedelta
from typing import Any

from calendar_app.content import VariantInput
from calendar_app.models import Feed, Import, ImportKey, ImportRow, Post, SavedView
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.days import add_slot, write_note
from calendar_app.services.feeds import make_feed
from calendar_app.services.posts import archive_post, create_post
from calendar_app.services.reviews import submit_post
from calendar_app.services.undoing import archive_reference, undo_reference
from calendar_app.services.views import save_view
from core.clock import now
from teams.actors import Actor
from teams.states import RoleKey
from tests.rules.subjects import SHARED, body, made, subject
from tests.rules.world import Side

SHARED |= {"on", "reference"}


def make_post(side: Side, what: str, by: Actor) -> Post:
    """Make a draft on the newsroom."""
    return create_post(
        workspace=side.workspace,
        title=side.text(what),
        text=side.text(f"{what} text"),
        variants=[VariantInput(made(side, "newsroom"))],
        by=by,
    )


@subject("post")
def post(side: Side) -> Any:
    """A draft."""
    return make_post(side, "post", side.by).pk


@subject("submitted_post")
def submitted(side: Side) -> Any:
    """A post that waits for approval."""
    found = make_post(side, "submitted post", side.by)
    submit_post(post=found, note=side.text("note to the approver"), by=side.by)
    return found.pk


@subject("campaign")
def campaign(side: Side) -> Any:
    """A campaign of this month."""
    return create_campaign(
        workspace=side.workspace,
        name=side.text("campaign"),
        starts_on=now().date(),
        ends_on=now().date() + timedelta(days=20),
        goal=side.text("goal"),
        by=side.by,
    ).pk


@subject("note")
def note(side: Side) -> Any:
    """A note on a day."""
    today: date = now().date()
    return write_note(workspace=side.workspace, on_date=today, text=side.text("note"), by=side.by).pk


@subject("slot")
def slot(side: Side) -> Any:
    """A usual time."""
    return add_slot(
        workspace=side.workspace, channel=made(side, "newsroom"), weekday=1, wall_time=time(9, 30), by=side.by
    ).pk


@subject("view")
def view(side: Side) -> Any:
    """A view shared with everybody."""
    found = save_view(
        workspace=side.workspace,
        name=side.text("view"),
        page="month",
        filters={"channel": [str(made(side, "newsroom"))], "q": [side.text("words of a view")]},
        is_shared=True,
        by=side.by,
    )
    return found.pk


def make_a_feed(side: Side) -> tuple[Feed, str]:
    found = SavedView.objects.get(pk=made(side, "view"))
    return make_feed(view=found, purpose=side.text("feed"), by=side.by)


@subject("calendar_app:feed_removal.feed")
def feed(side: Side) -> Any:
    """A feed of the shared view."""
    return make_a_feed(side)[0].pk


@subject("feeds:calendar.secret")
def feed_secret(side: Side) -> Any:
    """The secret of a feed."""
    return make_a_feed(side)[1]


@subject("source")
def source(side: Side) -> Any:
    """A file that was read, with a row of each kind and a key that stands for a post."""
    found = Import(member=side.owner, name=side.text("plan.csv"), state="ready", total=2, read_count=2)
    found.save()
    ImportRow(
        source=found,
        number=2,
        key="k-001",
        action="create",
        words=side.text("row of a file"),
        wanted={"text": side.text("text of a row")},
    ).save()
    ImportRow(
        source=found,
        number=3,
        key="k-002",
        action="bad",
        words=side.text("bad row"),
        problems=[{"cell": "B3", "message": side.text("trouble"), "blocking": True}],
    ).save()
    ImportKey(key="k-003", post_id=made(side, "post"), stand="1 -").save()
    return found.pk


@subject("on")
def on(side: Side) -> Any:
    """Today."""
    return now().date().isoformat()


@subject("calendar_app:undo_move.reference")
def reference(side: Side) -> Any:
    """A move that was made a while ago."""
    return undo_reference(post=Post.objects.get(pk=made(side, "post")), came_from=None, by=side.by)


@subject("calendar_app:undo_archive.reference")
def archived(side: Side) -> Any:
    """A post that was put away a moment ago."""
    found = make_post(side, "archived post", side.by)
    return archive_reference(post=archive_post(post=found, by=side.by), by=side.by)


def composed(side: Side) -> dict[str, Any]:
    channel = str(made(side, "newsroom"))
    return {
        "base": 1,
        "channel": channel,
        "text": "words",
        "campaign": str(made(side, "campaign")),
        "media": str(made(side, "media")),
        "when": "none",
    }


@body("calendar_app:new_post:POST", "calendar_app:edit_post:POST")
def composer_form(side: Side) -> dict[str, Any]:
    return composed(side)


@body("calendar_app:autosave_new:POST", "calendar_app:autosave:POST")
def autosave_form(side: Side) -> dict[str, Any]:
    return composed(side)


@body("calendar_app:move:POST")
def move_form(side: Side) -> dict[str, Any]:
    return {"post": str(made(side, "post")), "date": (now() + timedelta(days=3)).date().isoformat()}


@body("calendar_app:assignment:POST", "calendar_app_api:assignment:PUT")
def heir(side: Side) -> dict[str, Any]:
    return {"member": str(side.members[RoleKey.LEAD].pk)}


@body("calendar_app:schedule:POST")
def schedule_form(side: Side) -> dict[str, Any]:
    return {"date": (now() + timedelta(days=3)).date().isoformat(), "time": "09:00"}


@body("calendar_app:notes:POST")
def note_form(side: Side) -> dict[str, Any]:
    return {"text": side.text("new note")}


@body("calendar_app_api:posts:POST")
def new_post(side: Side) -> dict[str, Any]:
    return {
        "campaign": str(made(side, "campaign")),
        "variants": [
            {"channel": str(made(side, "newsroom")), "text": "words", "media": [str(made(side, "media"))]}
        ],
    }


@body("calendar_app_api:post:PATCH")
def changed_post(side: Side) -> dict[str, Any]:
    return {"campaign": str(made(side, "campaign"))}


@body("calendar_app_api:schedule:PUT")
def new_time(side: Side) -> dict[str, Any]:
    return {"scheduled_at": (now() + timedelta(days=2)).isoformat()}


@body("calendar_app_api:slots:POST")
def new_slot(side: Side) -> dict[str, Any]:
    return {"channel": str(made(side, "newsroom")), "weekday": 3, "wall_time": "10:00"}


@body("calendar_app:views:POST")
def new_view(side: Side) -> dict[str, Any]:
    return {"name": "A view", "page": "week", "query": f"channel={made(side, 'newsroom')}"}


@body("calendar_app:view:POST")
def renamed_view(side: Side) -> dict[str, Any]:
    return {"name": side.text("renamed view"), "is_shared": "on"}


@body("calendar_app_api:views:POST")
def new_api_view(side: Side) -> dict[str, Any]:
    return {"name": "By program", "page": "list", "filters": {"channel": [str(made(side, "newsroom"))]}}


@body("calendar_app_api:view:PATCH")
def changed_view(side: Side) -> dict[str, Any]:
    return {"filters": {"channel": [str(made(side, "newsroom"))]}}


@body("calendar_app:feeds:POST")
def new_feed(side: Side) -> dict[str, Any]:
    return {"purpose": side.text("new feed")}
