"""Loading the demo: both workspaces in one transaction each, so that a load is there whole or not at all."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from activity.models import Delivery as Telling
from activity.services import outbox, sealing
from activity.states import OutboxState
from collab.demo import checkins, duties, people, stories, surveys
from collab.demo.content import read_content
from collab.demo.stage import Stage, furnish
from collab.runtime.layout import write_private
from core.clock import as_of, now
from core.errors import WrongState
from teams.models import Workspace
from teams.permissions import actor_of
from teams.services.workspaces import configure_workspace, create_workspace
from teams.tenancy import workspace_scope

FOUNDED = timedelta(days=60)
TOLD_SINCE = timedelta(hours=24)
ACME = {"slug": "acme", "name": "Acme Kopi", "timezone": "Asia/Kuala_Lumpur"}
OTHER = {"slug": "other", "name": "Other Tea", "timezone": "Asia/Kuala_Lumpur"}
GUEST_FILE = "demo-guest-link"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Which workspaces were loaded now; those that stood already are left as they are."""

    slugs: tuple[str, ...]


def load_demo() -> Loaded:
    """Load what is missing of the demo's two workspaces.

    Makes no call to the outside. Raises: WrongState in production, where its log-ins would be everybody's.
    """
    if settings.PRODUCTION:
        raise WrongState("The demo's log-ins are published, so it is not loaded in production.")
    slugs = [place["slug"] for place in (ACME, OTHER) if not Workspace.objects.filter(slug=place["slug"])]
    if "acme" in slugs:
        _load_acme()
    if "other" in slugs:
        _load_other()
    return Loaded(tuple(slugs))


def _load_acme() -> None:
    start = now()
    with transaction.atomic():
        with as_of(start - FOUNDED):
            _key, name, email = people.OWNERS["acme"]
            workspace, ana = create_workspace(owner=people.account(name, email), **ACME)
        with workspace_scope(workspace.pk):
            with as_of(start - FOUNDED):
                members = people.join_colleagues(workspace, ana)
                actors = {key: actor_of(member) for key, member in members.items()}
                stage = Stage(workspace, start, actors, actors["ana"], actors["ben"], actors["cleo"])
                secret = people.welcome_guest(workspace, actors["ana"], start)
            people.plan_absence(members["farah"], start)
            _play(stage, with_duties=True)
    _seal(workspace)
    write_private(settings.DATA_DIR / "secrets" / GUEST_FILE, f"{secret}\n")


def _load_other() -> None:
    start = now()
    with transaction.atomic():
        with as_of(start - FOUNDED):
            _key, name, email = people.OWNERS["other"]
            workspace, eve = create_workspace(owner=people.account(name, email), **OTHER)
        with workspace_scope(workspace.pk):
            actor = actor_of(eve)
            configure_workspace(workspace=workspace, changes={"settings": {"approval": "off"}}, by=actor)
            _play(Stage(workspace, start, {"eve": actor}, actor, actor, None))
    _seal(workspace)


def _play(stage: Stage, *, with_duties: bool = False) -> None:
    content = read_content(stage.workspace.slug)
    with as_of(stage.start - FOUNDED + timedelta(hours=2)):
        furnish(stage, content)
        if with_duties:
            duties.hand_out(stage)
            surveys.tell(stage)
    if with_duties:
        surveys.ask(stage)
    told = [stories.story_of(stage, seed, index) for index, seed in enumerate(content.posts)]
    stories.play([*told, checkins.meet(stage)] if with_duties else told)
    _tell(stage)


def _tell(stage: Stage) -> None:
    """Tell people of the last day, as of when it happened; what is older was told long ago."""
    since = stage.start - TOLD_SINCE
    waiting = Telling.objects.filter(state=OutboxState.PENDING)
    waiting.filter(entry__at__lt=since).update(state=OutboxState.DONE)
    for ident, at in list(waiting.order_by("entry_id", "pk").values_list("pk", "entry__at")):
        with as_of(at):
            outbox.deliver(workspace_id=stage.workspace.pk, delivery_id=ident)


def _seal(workspace: Workspace) -> None:
    """Chain the entries at once: they carry past times, and what is unsealed for a minute counts as tampering."""
    while sealing.seal_workspace(workspace.pk, datetime(2020, 1, 1, tzinfo=UTC)):
        pass
