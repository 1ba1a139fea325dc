"""The directory of a workspace."""

from typing import Any

from teams.directory import directory_actor
from teams.scim.resources import USER
from teams.services.directory import Person, create_group, create_person, mint_directory_key
from tests.rules.subjects import made, subject
from tests.rules.world import Side


@subject("teams:directory_key_revocation.key")
def key(side: Side) -> Any:
    """A key of the directory."""
    found, _secret = mint_directory_key(workspace=side.workspace, by=side.by)
    side.made["directory"] = directory_actor(found)
    return found.pk


@subject("scim:user.person")
def person(side: Side) -> Any:
    """Somebody whom the directory names and nobody here knows."""
    made(side, "teams:directory_key_revocation.key")
    facts = Person(user_name=side.text("person"), display_name=side.text("name"))
    return create_person(facts=facts, asking=side.owner, by=side.made["directory"]).pk


@subject("scim:group.group")
def group(side: Side) -> Any:
    """A group of nobody."""
    made(side, "teams:directory_key_revocation.key")
    name = side.text("directory group")
    return create_group(name=name, external_id="", people=[], by=side.made["directory"]).pk


@subject("scim:resource_type.name")
def resource_type(_side: Side) -> Any:
    """A kind of resources."""
    return "User"


@subject("scim:schema.name")
def schema(_side: Side) -> Any:
    """What the resources of a kind consist of."""
    return USER
