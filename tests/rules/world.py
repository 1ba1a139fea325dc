"""Two workspaces filled alike, with everybody who may come by; one of them is full of canaries."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg2
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.handlers.base import BaseHandler
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from core.clock import now
from teams.actors import Actor
from teams.models import Membership, Role, User, Workspace
from teams.permissions import actor_of
from teams.services.keys import create_token
from teams.services.members import add_member, end_membership
from teams.services.workspaces import create_workspace
from teams.states import RoleKey
from teams.tenancy import workspace_scope
from tests.factories.people import prove
from tests.support import plugin

CANARY = "Canarywharf"
AS_LONG_AS_A_WALK = timedelta(hours=2)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass
class Side:
    """One workspace and what stands in it. `text` gives words that, in the other workspace, are canaries."""

    workspace: Workspace
    members: dict[RoleKey, Membership]
    leaver: Membership
    word: str
    made: dict[Any, Any] = field(default_factory=dict)

    @property
    def owner(self) -> Membership:
        """Return who owns the workspace."""
        return self.members[RoleKey.OWNER]

    @property
    def by(self) -> Actor:
        """Return the owner as an actor."""
        return actor_of(self.owner)

    def text(self, what: str) -> str:
        """Return words that are found again if they get out."""
        return f"{self.word} {what}"


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks: by a session, by a token, or as nobody."""

    name: str
    role: RoleKey | None = None
    session: str = ""
    token: str = ""
    belongs: bool = True


@dataclass
class World:
    """Both sides and all visitors of the first one."""

    acme: Side
    other: Side
    visitors: list[Visitor]
    handler: BaseHandler = field(default_factory=lambda: ClientHandler(enforce_csrf_checks=False))

    def visitor(self, name: str) -> Visitor:
        """Return a visitor by name."""
        return next(one for one in self.visitors if one.name == name)

    def ask(
        self, visitor: Visitor, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Send one request as a visitor, with fresh cookies; an error of ours comes back as status 500."""
        client = Client(raise_request_exception=False)
        client.handler = self.handler
        if visitor.session:
            client.cookies[settings.SESSION_COOKIE_NAME] = visitor.session
        extra = {"HTTP_AUTHORIZATION": f"Bearer {visitor.token}"} if visitor.token else {}
        if method == "PATCH":
            extra["HTTP_IF_MATCH"] = '"1"'
        is_json = path.startswith("/api/") and method != "GET"
        content = {"content_type": "application/json"} if is_json else {}
        call = getattr(client, method.lower())
        return call(path, dict(body or {}), **content, **extra)


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever a request wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_world() -> World:
    """Make both sides with members of every role, somebody who left, and their sessions and tokens."""
    from tests.rules.subjects import furnish

    acme, other = _side("acme", "Acmeword"), _side("other", CANARY)
    for side in (acme, other):
        with workspace_scope(side.workspace.pk):
            furnish(side)
            # Presence is noted once in five minutes, whoever comes then; a walk takes longer than that.
            Membership.objects.update(last_seen_at=now() + AS_LONG_AS_A_WALK)
    return World(acme, other, [*_visitors(acme), *_strangers(other)])


def _side(slug: str, word: str) -> Side:
    owner = _user(word, "owner", slug)
    workspace, member = create_workspace(slug=slug, name=f"{word} workspace", owner=owner)
    members = {RoleKey.OWNER: member}
    by = Actor.system(workspace.pk)
    with workspace_scope(workspace.pk):
        for key in RoleKey:
            if key != RoleKey.OWNER:
                members[key] = add_member(
                    workspace=workspace, user=_user(word, key, slug), role=Role.objects.get(key=key), by=by
                )
        leaver = add_member(
            workspace=workspace,
            user=_user(word, "leaver", slug),
            role=Role.objects.get(key=RoleKey.ADMIN),
            by=by,
        )
    return Side(workspace, members, leaver, word)


def _user(word: str, name: str, slug: str) -> User:
    user = User.objects.create(
        email=f"{name}@{word.lower()}-{slug}.test", name=f"{word} {name}", password="!"
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _session(user: AbstractBaseUser) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    prove(client, minutes_ago=-AS_LONG_AS_A_WALK / timedelta(minutes=1))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _token(side: Side, member: Membership) -> str:
    with workspace_scope(side.workspace.pk):
        by = Actor.system(side.workspace.pk)
        return create_token(member=member, purpose="the walls", by=by)[1]


def _visitors(acme: Side) -> Iterator[Visitor]:
    yield Visitor("anonymous", belongs=False)
    for role, member in acme.members.items():
        yield Visitor(str(role), role, session=_session(member.user))
        yield Visitor(f"{role}-token", role, token=_token(acme, member))
    yield Visitor("leaver", session=_session(acme.leaver.user), belongs=False)
    yield Visitor("leaver-token", token=_token(acme, acme.leaver), belongs=False)
    with workspace_scope(acme.workspace.pk):
        end_membership(
            member=Membership.objects.select_related("user", "role").get(pk=acme.leaver.pk), by=acme.by
        )


def _strangers(other: Side) -> Iterator[Visitor]:
    yield Visitor("stranger", session=_session(other.owner.user), belongs=False)
    yield Visitor("stranger-token", token=_token(other, other.owner), belongs=False)


# The database as its administrator sees it


class Witness:
    """Looks at all rows over a connection that no policy binds."""

    def __init__(self) -> None:
        self.link = psycopg2.connect(plugin.cluster.admin_dsn(plugin.database))
        self.link.autocommit = True
        self.tables = self._owned_tables()

    def close(self) -> None:
        """Close the connection."""
        self.link.close()

    def checksums(self, workspace_id: Any = None) -> dict[str, tuple[int, str]]:
        """Return row count and checksum of each owned table, of one workspace or of all."""
        where = "WHERE workspace_id = %(workspace)s" if workspace_id else ""
        parts = [
            f"SELECT '{table}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t.id), ''))"
            f" FROM {table} t {where}"
            for table in self.tables
        ]
        with self.link.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), {"workspace": str(workspace_id)})
            return {table: (count, digest) for table, count, digest in cursor.fetchall()}

    @contextmanager
    def without_row_security(self) -> Iterator[None]:
        """Take the database's own lock away for the length of a block."""
        self._each("DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY")
        try:
            yield
        finally:
            self._each("ENABLE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY")

    def _each(self, *clauses: str) -> None:
        with self.link.cursor() as cursor:
            for table in self.tables:
                for clause in clauses:
                    cursor.execute(f"ALTER TABLE {table} {clause}")

    def _owned_tables(self) -> list[str]:
        with self.link.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity ORDER BY 1"
            )
            return [row[0] for row in cursor.fetchall()]
