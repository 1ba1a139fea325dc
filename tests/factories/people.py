"""The fixed cast of every test: who they are and where they belong."""

from dataclasses import dataclass
from functools import lru_cache

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from teams.actors import Actor
from teams.models import Guest, Membership, Role, User, Workspace
from teams.permissions import actor_of
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
