"""What fills the addresses and bodies of the crawl: add yours with your URLs, in `things/<app>.py`.

`SUBJECTS` maps the name of a part of an address (`<uuid:team>` is `team`) to a factory; where two routes mean
different things by one name, write the route's name before it (`newsroom:item.key`), or its app
(`approvals:*.pk`). A factory is called once for each of the two workspaces, with its scope open, and returns what
stands in the address; what it needs of others it asks for by `made(side, "channel")`. Put `side.text("…")` into
every text: in the other workspace these are the canaries that must not get out.

`BODIES` maps `route name:METHOD` to a factory of the body of a write that means something; without one, the body
is empty.
"""

import importlib
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core.clock import now
from core.refs import Ref
from teams.models import Absence, Backup, Invitation, Role
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.services.duties import create_duty, starter_kind
from teams.services.feeds import add_feed
from teams.services.groups import create_team
from teams.services.invitations import PURPOSE, invite_member
from teams.services.keys import create_token, make_key
from teams.services.roles import create_role
from teams.states import AbsenceKind, KeyKind, RoleKey, StarterKind
from tests.rules import things
from tests.rules.world import Side

Factory = Callable[[Side], Any]
SUBJECTS: dict[str, Factory] = {}
BODIES: dict[str, Callable[[Side], dict[str, Any]]] = {}

SHARED = {"kind", "session", "on", "trait_kind"}
"""Parts of addresses that name nothing of a workspace."""

NARROWER = {
    "calendar_app:feed_removal",
    "calendar_app:import",
    "calendar_app:import_reading",
    "calendar_app:import_arrival",
    "calendar_app:import_removal",
    "teams:token_revocation",
    "teams:absence_feed_removal",
    "teams_api:absence_feed",
}
"""Routes whose thing not everybody sees who holds the right: others than the owner may get 404."""


def subject(*names: str) -> Callable[[Factory], Factory]:
    """Register the factory of a part of an address."""

    def attach(factory: Factory) -> Factory:
        for name in names:
            SUBJECTS[name] = factory
        return factory

    return attach


def body(*names: str) -> Callable[[Callable[[Side], dict[str, Any]]], Any]:
    """Register the factory of a write's body."""

    def attach(factory: Callable[[Side], dict[str, Any]]) -> Any:
        for name in names:
            BODIES[name] = factory
        return factory

    return attach


def furnish(side: Side) -> None:
    """Make every subject in the workspace in scope."""
    for name in SUBJECTS:
        made(side, name)


def made(side: Side, name: str) -> Any:
    """Return a subject of a workspace, made when it is first asked for. Raises: KeyError."""
    factory = SUBJECTS[name]
    if factory not in side.made:
        side.made[factory] = factory(side)
    return side.made[factory]


def factory_of(route_name: str, place: str) -> str | None:
    """Return the name of the factory that fills a place of a route's address, the most exact one."""
    app = route_name.partition(":")[0]
    names = (f"{route_name}.{place}", f"{app}:*.{place}", place)
    return next((name for name in names if name in SUBJECTS), None)


def value_of(side: Side, route_name: str, place: str) -> Any:
    """Return what fills a place of a route's address; None where no factory does."""
    name = factory_of(route_name, place)
    return made(side, name) if name else None


# teams


@subject("member")
def member(side: Side) -> Any:
    """A member whom nobody needs for anything else: the viewer."""
    return side.members[RoleKey.VIEWER].pk


@subject("invitation")
def invitation(side: Side) -> Any:
    """An open invitation."""
    role = Role.objects.get(key=RoleKey.VIEWER)
    asked: Invitation = invite_member(email=f"guest@{side.word.lower()}.test", role=role, by=side.by)
    return asked.pk


@subject("site:invitation_link.secret")
def invitation_secret(side: Side) -> Any:
    """The secret of an open invitation."""
    return make_key(
        kind=KeyKind.INVITATION,
        workspace=side.workspace,
        subject=Ref("teams.invitation", made(side, "invitation")),
        by=side.by,
        purpose=PURPOSE,
    )[1]


@subject("absence")
def absence(side: Side) -> Any:
    """An absence of the contributor."""
    away: Absence = record_absence(
        member=side.members[RoleKey.CONTRIBUTOR],
        kind=AbsenceKind.LEAVE,
        starts_at=now() + timedelta(days=3),
        ends_at=now() + timedelta(days=5),
        by=side.by,
    )
    return away.pk


@subject("feed")
def feed(side: Side) -> Any:
    """A calendar of the owner's absences."""
    host = f"{side.word.lower()}.example"
    return add_feed(url=f"https://{host}/leave.ics", member=side.owner, by=side.by).pk


@subject("team")
def team(side: Side) -> Any:
    """A team of two."""
    people = [side.members[RoleKey.MANAGER], side.members[RoleKey.CONTRIBUTOR]]
    return create_team(name=side.text("team"), members=people, by=side.by).pk


@subject("role")
def role(side: Side) -> Any:
    """A role of the workspace's own."""
    return create_role(name=side.text("role"), rights=["teams.workspace.see"], by=side.by).pk


@subject("backup")
def backup(side: Side) -> Any:
    """A standing backup: the manager stands in for the admin."""
    rows: list[Backup] = set_backups(
        member=side.members[RoleKey.ADMIN], backups=[side.members[RoleKey.MANAGER]], by=side.by
    )
    return rows[0].pk


@subject("duty")
def duty(side: Side) -> Any:
    """A duty of the contributor, with the manager as backup."""
    return create_duty(
        kind=starter_kind(StarterKind.ENGAGEMENT, side.workspace.pk),
        name=side.text("duty"),
        owner=side.members[RoleKey.CONTRIBUTOR],
        backups=[side.members[RoleKey.MANAGER]],
        effort_minutes=120,
        by=side.by,
    ).pk


@subject("teams:token_revocation.key")
def token(side: Side) -> Any:
    """An API token of the owner."""
    return create_token(member=side.owner, purpose=side.text("token"), by=side.by)[0].pk


@subject("session")
def session(side: Side) -> Any:
    """A session that nobody has."""
    return 987_654_321


@body("teams_api:teams:POST")
def team_body(side: Side) -> dict[str, Any]:
    return {"name": side.text("new team"), "members": [str(side.members[RoleKey.LEAD].pk)]}


@body("teams_api:team:PATCH")
def team_change(side: Side) -> dict[str, Any]:
    return {"members": [str(side.members[RoleKey.LEAD].pk)]}


@body("teams_api:backups:POST")
def backups_body(side: Side) -> dict[str, Any]:
    return {
        "member": str(side.members[RoleKey.LEAD].pk),
        "backups": [str(side.members[RoleKey.MANAGER].pk)],
    }


@body("teams_api:absences:POST")
def absence_body(side: Side) -> dict[str, Any]:
    return {"member": str(side.members[RoleKey.LEAD].pk), "kind": "sick"}


@body("teams_api:absence:PATCH")
def absence_end(side: Side) -> dict[str, Any]:
    return {"ended": True}


@body("teams_api:member:PATCH")
def member_role(side: Side) -> dict[str, Any]:
    return {"role": str(made(side, "role"))}


@body("teams_api:invitations:POST")
def invitation_body(side: Side) -> dict[str, Any]:
    return {"email": "somebody@new.test", "role": str(made(side, "role"))}


@body("teams_api:roles:POST")
def role_body(side: Side) -> dict[str, Any]:
    return {"name": side.text("new role"), "rights": ["teams.workspace.see"]}


@body("teams:new_team:POST", "teams:team:POST")
def team_form(side: Side) -> dict[str, Any]:
    return {"name": side.text("new team"), "members": [str(side.members[RoleKey.LEAD].pk)]}


@body("teams:member_role:POST")
def member_role_form(side: Side) -> dict[str, Any]:
    return {"role": str(made(side, "role"))}


@body("teams:member_backups:POST")
def member_backups_form(side: Side) -> dict[str, Any]:
    return {"backup_1": str(side.members[RoleKey.MANAGER].pk)}


@body("teams:new_absence:POST")
def absence_form(side: Side) -> dict[str, Any]:
    today = now().date().isoformat()
    return {"member": str(side.members[RoleKey.LEAD].pk), "kind": "leave", "first_day": today}


@body("teams:absence_feeds:POST")
def feed_form(side: Side) -> dict[str, Any]:
    return {"url": "https://calendar.example/new.ics", "whose": "me"}


@body("teams_api:absence_feeds:POST")
def feed_body(side: Side) -> dict[str, Any]:
    return {"url": "https://calendar.example/new.ics"}


@body("teams:absence:POST")
def absence_change_form(side: Side) -> dict[str, Any]:
    day = (now() + timedelta(days=4)).date().isoformat()
    return {"kind": "sick", "first_day": day, "note": side.text("note")}


@body("teams:invitations:POST")
def invitation_form(side: Side) -> dict[str, Any]:
    return {"email": "somebody@new.test", "role": str(made(side, "role"))}


@body("teams_api:duties:POST")
def duty_body(side: Side) -> dict[str, Any]:
    scope = {"type": "networks.channel", "key": str(made(side, "channel"))}
    people = {"owner": str(side.members[RoleKey.LEAD].pk), "backups": [str(side.members[RoleKey.MANAGER].pk)]}
    return {"kind": "service", "name": side.text("new duty"), "scopes": [scope], **people}


@body("teams_api:duty:PATCH")
def duty_change(side: Side) -> dict[str, Any]:
    return {"owner": str(side.members[RoleKey.LEAD].pk)}


@body("teams_api:duty_kinds:POST")
def duty_kind(side: Side) -> dict[str, Any]:
    return {"name": side.text("new kind")}


@body("teams_api:moderator:PUT", "teams:moderator:POST")
def moderator_body(side: Side) -> dict[str, Any]:
    return {"member": str(side.members[RoleKey.LEAD].pk)}


@body("teams_api:leaving:POST")
def leaving_body(side: Side) -> dict[str, Any]:
    return {"heirs": {f"teams.duty:{made(side, 'duty')}": str(side.members[RoleKey.LEAD].pk)}}


@body("teams:new_duty:POST", "teams:duty:POST")
def duty_form(side: Side) -> dict[str, Any]:
    channel = f"networks.channel:{made(side, 'channel')}"
    people = {"owner": str(side.members[RoleKey.LEAD].pk), "backup_1": str(side.members[RoleKey.MANAGER].pk)}
    return {"kind": "service", "name": side.text("new duty"), "scopes": [channel], **people}


@body("teams:duty_owner:GET", "teams:duty_owner:POST")
def duty_heir(side: Side) -> dict[str, Any]:
    return {"to": str(side.members[RoleKey.LEAD].pk)}


@body("teams:duty_place:POST")
def duty_place(side: Side) -> dict[str, Any]:
    return {"place": "1"}


@body("teams:backup_proposals:POST")
def proposal_body(side: Side) -> dict[str, Any]:
    return {"backup": str(side.members[RoleKey.MANAGER].pk)}


@body("teams:member_profile:POST")
def profile_body(side: Side) -> dict[str, Any]:
    return {"job_title": side.text("title"), "capacity_hours": "32", "languages": "en"}


for found in pkgutil.iter_modules(things.__path__):
    importlib.import_module(f"{things.__name__}.{found.name}")
