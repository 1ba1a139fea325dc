"""The workspace's directory, over SCIM: it writes memberships, never accounts, and never an owner's.

An address that the directory names identifies a member only where that member belongs to this workspace already;
anybody else is invited, and joins by what is his own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import CollabError, Invalid, NotAllowed
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.holdings import default_heir, holdings_of
from teams.identities import SECURE, asking_for, join_role
from teams.models import (
    AccessKey,
    DirectoryGroup,
    DirectoryGroupMember,
    DirectoryUser,
    Invitation,
    Membership,
    Workspace,
)
from teams.permissions import require
from teams.services.invitations import invite_on_word, revoke_invitation
from teams.services.keys import make_key
from teams.services.mapping import follow_groups
from teams.services.members import add_member, change_profile, end_membership
from teams.states import KeyKind, MemberStatus, RoleKey

MOST_PEOPLE = 10_000
MOST_GROUPS = 1000
MOST_IN_GROUP = 5000
MOST_KEYS = 5
MOST_HEIRS = 200
PURPOSE = "scim"


class Taken(CollabError):
    """Another person or group of the directory has this name."""

    code = "uniqueness"
    status = 409


class Changed(CollabError):
    """The resource is no longer what the caller saw."""

    code = "changed"
    status = 412


@dataclass(frozen=True, slots=True)
class Person:
    """What the directory says of somebody."""

    user_name: str
    external_id: str = ""
    email: str = ""
    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    title: str = ""
    is_active: bool = True


def mint_directory_key(*, workspace: Workspace, by: Actor) -> tuple[AccessKey, str]:
    """Make a key by which the directory writes; its secret is shown once.

    Raises: NotAllowed; Invalid for too many. Records: teams.accesskey.made.
    """
    require(by, SECURE)
    rows = AccessKey.objects.filter(workspace_id=by.workspace_id, kind=KeyKind.SCIM, revoked_at=None)
    if workspace.pk != by.workspace_id or rows.count() >= MOST_KEYS:
        raise Invalid(
            _("A workspace has at most %(count)s keys. Take one back first.") % {"count": MOST_KEYS}
        )
    subject = Ref("teams.workspace", workspace.pk)
    return make_key(kind=KeyKind.SCIM, workspace=workspace, subject=subject, by=by, purpose=PURPOSE)


def revoke_directory_key(*, key: AccessKey, by: Actor) -> None:
    """Take a key back; the directory is refused from the next request on. Records: teams.accesskey.revoked."""
    require(by, SECURE)
    if key.workspace_id == by.workspace_id and key.kind == KeyKind.SCIM and key.revoked_at is None:
        key.revoked_at = now()
        key.save(update_fields=["revoked_at"])
        record("teams.accesskey.revoked", by=by, subject=Ref("teams.accesskey", key.pk), kind=str(key.kind))


def create_person(*, facts: Person, asking: Membership | None, by: Actor) -> DirectoryUser:
    """Take somebody up whom the directory names: a member of that address is managed from now on, others are invited.

    Whether the address has an account elsewhere is neither asked nor told. Raises: Invalid, Taken.
    Records: teams.directoryuser.created.
    """
    _require_directory(by)
    if DirectoryUser.objects.count() >= MOST_PEOPLE:
        raise Invalid(_("The directory holds at most %(count)s people.") % {"count": MOST_PEOPLE})
    person = DirectoryUser(workspace_id=by.workspace_id, member=_member_of(facts.email))
    _write(person, facts)
    record("teams.directoryuser.created", by=by, subject=Ref("teams.directoryuser", person.pk))
    _follow(person, asking, by)
    return person


def change_person(
    *, person: DirectoryUser, facts: Person, seen: int | None, asking: Membership | None, by: Actor
) -> DirectoryUser:
    """Let the directory say something else of somebody; inactive ends the membership at once.

    `seen` is the version that the caller knows. Locks: the person's row.
    Raises: Invalid, Taken, Changed; NotAllowed for an owner. Records: teams.directoryuser.changed.
    """
    _require_directory(by)
    row = DirectoryUser.objects.select_for_update(of=("self",)).select_related("member__user", "member__role")
    person = row.get(pk=person.pk)
    _require_seen(person.version, seen)
    if facts == facts_of(person):
        return person
    person.version += 1
    _write(person, facts)
    subject = Ref("teams.directoryuser", person.pk)
    record("teams.directoryuser.changed", by=by, subject=subject, is_active=facts.is_active)
    _follow(person, asking, by)
    return person


def delete_person(*, person: DirectoryUser, seen: int | None, by: Actor) -> None:
    """Forget somebody whom the directory no longer names, and end the membership; what he did stays.

    Raises: Changed; NotAllowed for an owner. Records: teams.directoryuser.deleted.
    """
    _require_directory(by)
    person = (
        DirectoryUser.objects.select_for_update(of=("self",)).select_related("member__role").get(pk=person.pk)
    )
    _require_seen(person.version, seen)
    _end(person, by)
    record("teams.directoryuser.deleted", by=by, subject=Ref("teams.directoryuser", person.pk))
    person.delete()


def create_group(
    *, name: str, external_id: str, people: Sequence[DirectoryUser], by: Actor
) -> DirectoryGroup:
    """Take up a group of the directory. Raises: Invalid, Taken. Records: teams.directorygroup.created."""
    _require_directory(by)
    if DirectoryGroup.objects.count() >= MOST_GROUPS:
        raise Invalid(_("The directory holds at most %(count)s groups.") % {"count": MOST_GROUPS})
    group = DirectoryGroup(workspace_id=by.workspace_id, name=name, external_id=external_id)
    _save(group)
    record("teams.directorygroup.created", by=by, subject=Ref("teams.directorygroup", group.pk))
    _put(group, people, by)
    return group


def change_group(
    *,
    group: DirectoryGroup,
    name: str,
    external_id: str,
    people: Sequence[DirectoryUser],
    seen: int | None,
    by: Actor,
) -> DirectoryGroup:
    """Rename a group or say who is in it; roles and teams follow. Raises: Invalid, Taken, Changed.

    Locks: the group's row. Records: teams.directorygroup.changed.
    """
    _require_directory(by)
    group = DirectoryGroup.objects.select_for_update().get(pk=group.pk)
    _require_seen(group.version, seen)
    before = set(group.people.values_list("pk", flat=True))
    if (group.name, group.external_id, before) == (name, external_id, {person.pk for person in people}):
        return group
    is_renamed = group.name != name
    group.name, group.external_id = name, external_id
    group.version, group.changed_at = group.version + 1, now()
    _save(group)
    record("teams.directorygroup.changed", by=by, subject=Ref("teams.directorygroup", group.pk))
    _put(group, people, by, everybody=is_renamed)
    return group


def delete_group(*, group: DirectoryGroup, seen: int | None, by: Actor) -> None:
    """Forget a group; what it gave is taken. Raises: Changed. Records: teams.directorygroup.deleted."""
    _require_directory(by)
    group = DirectoryGroup.objects.select_for_update().get(pk=group.pk)
    _require_seen(group.version, seen)
    people = list(group.people.select_related("member__user", "member__role", "member__workspace"))
    record("teams.directorygroup.deleted", by=by, subject=Ref("teams.directorygroup", group.pk))
    group.delete()
    for person in people:
        _follow_groups(person, by)


def take_up(member: Membership) -> None:
    """Let the directory manage somebody whom it named and who has joined now: a hook of joining."""
    rows = DirectoryUser.objects.filter(member=None, is_active=True, email__iexact=member.user.email)
    person = rows.order_by("created_at", "pk").first()
    if person is not None and not DirectoryUser.objects.filter(member=member).exists():
        person.member = member
        person.save(update_fields=["member"])
        _follow_groups(person, Actor.system(member.workspace_id))


def facts_of(person: DirectoryUser) -> Person:
    """Return what the directory says of somebody now."""
    return Person(**{name: getattr(person, name) for name in Person.__slots__})


def _write(person: DirectoryUser, facts: Person) -> None:
    for name in Person.__slots__:
        setattr(person, name, getattr(facts, name))
    person.changed_at = now()
    _save(person)


def _save(row: Any) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Taken(_("The directory names this already.")) from None


def _follow(person: DirectoryUser, asking: Membership | None, by: Actor) -> None:
    """Make the membership what the directory says of the person."""
    if not person.is_active:
        _end(person, by)
        return
    member = person.member
    if member is None:
        if person.email:
            role = join_role(Workspace.objects.get(pk=person.workspace_id))
            invite_on_word(email=person.email, role=role, asking=asking_for(asking), by=by)
        return
    if not member.is_active:
        role = member.role if member.role.key != RoleKey.OWNER else join_role(member.workspace)
        member = add_member(workspace=member.workspace, user=member.user, role=role, by=by)
        person.member = member
    if person.title and person.title != member.job_title:
        change_profile(member=member, by=by, job_title=person.title)
    if person.rows.exists():
        _follow_groups(person, by)


def _end(person: DirectoryUser, by: Actor) -> None:
    """End the membership at once, or take the open invitation back; what a leaver holds goes to who stands in."""
    member = person.member
    if member is not None and member.is_active:
        if member.role.key == RoleKey.OWNER:
            raise NotAllowed(_("An owner's membership is ended by owners, not by the directory."))
        end_membership(member=member, heirs=_heirs(member, by), by=by)
    elif member is None and person.email:
        for open_one in Invitation.objects.filter(
            email__iexact=person.email, accepted_at=None, revoked_at=None
        ):
            revoke_invitation(invitation=open_one, by=by)


def _heirs(member: Membership, by: Actor) -> dict[str, Membership | None]:
    """Return who takes over each line: whom it proposes, the first backup, an owner, an admin, whoever is left."""
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE).exclude(pk=member.pk)
    others = list(rows.select_related("user", "role").order_by("joined_at", "pk")[:MOST_HEIRS])
    weight = {str(key): number for number, key in enumerate(RoleKey)}
    others.sort(key=lambda one: weight.get(one.role.key, len(weight)))
    named = {one.pk: one for one in others}
    general = default_heir(member)
    found: dict[str, Membership | None] = {}
    for _name, line in holdings_of(by, member):
        wanted = [line.heir_id, general, *named]
        fits = (named[pk] for pk in wanted if pk in named and pk not in line.barred)
        found[line.key] = None if line.may_lapse and line.heir_id is None else next(fits, None)
    return found


def _put(
    group: DirectoryGroup, people: Sequence[DirectoryUser], by: Actor, *, everybody: bool = False
) -> None:
    if len(people) > MOST_IN_GROUP:
        raise Invalid(_("A group holds at most %(count)s people.") % {"count": MOST_IN_GROUP})
    before = {row.person_id: row for row in group.rows.select_related("person")}
    wanted = {person.pk: person for person in people}
    gone = [row.person for pk, row in before.items() if pk not in wanted]
    new = [person for pk, person in wanted.items() if pk not in before]
    DirectoryGroupMember.objects.filter(group=group, person__in=gone).delete()
    for person in new:
        DirectoryGroupMember(workspace_id=group.workspace_id, group=group, person=person).save()
    for person in [*gone, *(wanted.values() if everybody else new)]:
        _follow_groups(person, by)


def _follow_groups(person: DirectoryUser, by: Actor) -> None:
    member = person.member
    if member is not None and member.is_active:
        names = set(DirectoryGroup.objects.filter(rows__person=person).values_list("name", flat=True))
        follow_groups(member=member, groups=names, by=by)


def _member_of(email: str) -> Membership | None:
    """Return the active member of this workspace whose address this is, unless another entry manages him."""
    if not email:
        return None
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE, user__email__iexact=email)
    return rows.filter(directory_users=None).select_related("user", "role", "workspace").first()


def _require_directory(by: Actor) -> None:
    if not by.is_system:
        raise NotAllowed(_("Only the directory's own key writes this."))


def _require_seen(version: int, seen: int | None) -> None:
    if seen is not None and seen != version:
        raise Changed(_("This was changed in the meantime."))
