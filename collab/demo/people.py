"""The cast of the demo: accounts, roles, backups, teams, one future absence, and a guest."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calendar_app.states import PostState
from guests.models import GuestLink
from guests.services.links import make_link
from guests.services.mails import PURPOSE
from guests.states import Scope
from teams.actors import Actor
from teams.models import Membership, Role, User, Workspace
from teams.permissions import actor_of
from teams.services.absences import record_absence, zone_of
from teams.services.accounts import open_account
from teams.services.backups import set_backups
from teams.services.groups import create_team
from teams.services.keys import make_key
from teams.services.members import add_member
from teams.states import AbsenceKind, KeyKind, RoleKey

PASSWORD = "demo-demo-demo"  # noqa: S105  # published on purpose; the demo is refused in production
GUEST_NAME, GUEST_EMAIL = "Dev Kumar", "dev@client.test"
GUEST_DAYS = 90
SHOWN_TO_GUESTS = [PostState.IN_REVIEW, PostState.CHANGES_REQUESTED, PostState.APPROVED, PostState.SCHEDULED]
OWNERS = {"acme": ("ana", "Ana Rahman", "ana@acme.test"), "other": ("eve", "Eve Lim", "eve@other.test")}
COLLEAGUES = (
    ("ben", "Ben Tan", "ben@acme.test", RoleKey.MANAGER, ""),
    ("cleo", "Cleo Marchetti", "cleo@acme.test", RoleKey.LEAD, "Head of brand"),
    ("farah", "Farah Aziz", "farah@acme.test", RoleKey.CONTRIBUTOR, "Designer"),
    ("jun", "Jun Wong", "jun@acme.test", RoleKey.MANAGER, "Community manager"),
)
BACKUPS = {"ana": ("cleo", "ben"), "ben": ("ana",), "cleo": ("ana",), "farah": ("jun",)}
TEAMS = {"Content": ("ben", "farah", "jun"), "Leads": ("ana", "cleo")}


def account(name: str, email: str) -> User:
    """Return the account of a person, opened with the demo's password where there is none."""
    found = User.objects.filter(email=email).first()
    return found or open_account(email=email, name=name, password=PASSWORD)


def join_colleagues(workspace: Workspace, ana: Membership) -> dict[str, Membership]:
    """Make everybody a member of acme, with teams and standing backups; return them by first name."""
    owner = actor_of(ana)
    people = {"ana": ana}
    for key, name, email, role, title in COLLEAGUES:
        people[key] = add_member(
            workspace=workspace,
            user=account(name, email),
            role=Role.objects.get(key=role),
            job_title=title,
            by=owner,
        )
    for name, members in TEAMS.items():
        create_team(name=name, members=[people[key] for key in members], by=owner)
    for key, backups in BACKUPS.items():
        set_backups(member=people[key], backups=[people[backup] for backup in backups], by=owner)
    return people


def plan_absence(farah: Membership, day: datetime) -> None:
    """Let Farah be away for a few days ahead; nobody is away on the day of loading, so that nothing is covered."""
    zone = ZoneInfo(zone_of(farah))
    first = day.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    record_absence(
        member=farah,
        kind=AbsenceKind.LEAVE,
        starts_at=first + timedelta(days=11),
        ends_at=first + timedelta(days=15),
        by=actor_of(farah),
    )


def welcome_guest(workspace: Workspace, by: Actor, day: datetime) -> str:
    """Give Dev a link to all that is on its way out; return its secret, which is kept nowhere in the database."""
    ends_at = day + timedelta(days=GUEST_DAYS)
    link = make_link(
        name=GUEST_NAME,
        email=GUEST_EMAIL,
        scope=Scope.VIEW,
        wanted={"states": SHOWN_TO_GUESTS},
        days=GUEST_DAYS,
        by=by,
    )
    GuestLink.objects.filter(pk=link.pk).update(next_mail_at=None, ends_at=ends_at)
    _key, secret = make_key(
        kind=KeyKind.GUEST,
        workspace=workspace,
        subject=link.ref,
        purpose=PURPOSE,
        expires_at=ends_at,
        by=by,
    )
    return secret
