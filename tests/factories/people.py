"""The fixed cast of every test: who they are and where they belong."""

import pickle
import time
from dataclasses import dataclass
from functools import lru_cache

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.clock import told
from teams.actors import Actor
from teams.models import Guest, Membership, Role, User, Workspace
from teams.permissions import actor_of
from teams.proofs import PROOFS, PROVEN_BY
from teams.services.members import add_member
from teams.services.workspaces import create_workspace
from teams.states import RoleKey
from teams.tenancy import workspace_scope

PASSWORD = "demo-demo-demo"


@dataclass
class Cast:
    """Ana owns, Ben and Jun write, Cleo approves, Farah designs, Vera looks, Dev is a guest, Eve is elsewhere."""

    acme: Workspace
    other: Workspace
    ana: Membership
    ben: Membership
    cleo: Membership
    farah: Membership
    jun: Membership
    vera: Membership
    eve: Membership
    dev: Guest

    def actor(self, name: str) -> Actor:
        """Return the actor of a member by first name."""
        member = Membership.objects.select_related("user", "role", "workspace").get(pk=getattr(self, name).pk)
        return actor_of(member)


@lru_cache(maxsize=1)
def _password() -> str:
    return make_password(PASSWORD)


def prove(client: Client, method: str = "password", *, minutes_ago: float = 0) -> Client:
    """Let a logged-in browser have shown who sits before it, just now or a while ago, as the log-in form does."""
    session = client.session
    session[PROOFS] = [{"method": method, "at": time.time() - 60 * minutes_ago}]
    session[PROVEN_BY] = session[SESSION_KEY]
    session.save()
    return client


def make_user(name: str, email: str, **fields: object) -> User:
    """Make a user who can log in with the demo password, and whose address is confirmed."""
    user = User.objects.create(email=email, name=name, password=_password(), **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def make_member(workspace: Workspace, user: User, role: RoleKey) -> Membership:
    """Make a user a member with a built-in role; the workspace must be in scope."""
    return add_member(
        workspace=workspace, user=user, role=Role.objects.get(key=role), by=Actor.system(workspace.pk)
    )


def make_cast() -> Cast:
    """Make both workspaces and everybody in them."""
    ana = make_user("Ana Rahman", "ana@acme.test")
    eve = make_user("Eve Lim", "eve@other.test")
    acme, ana_member = create_workspace(
        slug="acme", name="Acme Kopi", owner=ana, timezone="Asia/Kuala_Lumpur"
    )
    other, eve_member = create_workspace(slug="other", name="Other Tea", owner=eve)
    with workspace_scope(acme.pk):
        people = {
            name: make_member(acme, make_user(full, f"{name}@acme.test"), role)
            for name, full, role in (
                ("ben", "Ben Tan", RoleKey.MANAGER),
                ("cleo", "Cleo Marchetti", RoleKey.LEAD),
                ("farah", "Farah Aziz", RoleKey.CONTRIBUTOR),
                ("jun", "Jun Wong", RoleKey.MANAGER),
                ("vera", "Vera Said", RoleKey.VIEWER),
            )
        }
        dev = Guest(workspace=acme, name="Dev Kumar", email="dev@client.test")
        dev.save()
    return Cast(acme=acme, other=other, ana=ana_member, eve=eve_member, dev=dev, **people)


WRITES = ("INSERT ", "UPDATE ", "WITH ", "SELECT set_config(")
_kept: list[tuple[str, bytes]] = []


def cast_again() -> Cast:
    """Return the cast as the services made it the first time in this process: the same rows, told to the database
    in one message.

    Making it takes a tenth of a second, which is what most tests would spend their time on. With a clock that was
    told another time it is made anew.
    """
    if told() is not None:
        return make_cast()
    if not _kept:
        with CaptureQueriesContext(connection) as found:
            cast = make_cast()
        written = [query["sql"] for query in found.captured_queries if query["sql"].startswith(WRITES)]
        _kept.append((";\n".join(written), pickle.dumps(cast)))
        return cast
    statements, cast_bytes = _kept[0]
    with connection.cursor() as cursor:
        cursor.execute(statements)
    kept: Cast = pickle.loads(cast_bytes)  # our own, of this process
    return kept
