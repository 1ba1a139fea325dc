"""Resources: people and groups of the directory as documents, and documents read back. Source: RFC 7643 §4."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from teams.models import DirectoryGroup, DirectoryUser
from teams.scim.errors import BadScim
from teams.services.directory import Person

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
USER_ATTRIBUTES = {
    name.lower(): name
    for name in "schemas id externalId userName name displayName title active emails groups meta".split()
}
GROUP_ATTRIBUTES = {name.lower(): name for name in "schemas id externalId displayName members meta".split()}
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def user_document(person: DirectoryUser, base: str) -> dict[str, Any]:
    """Return somebody as the directory knows him; nothing of an account stands in it."""
    name = {"givenName": person.given_name, "familyName": person.family_name}
    groups = [
        {"value": str(group.pk), "display": group.name, "$ref": f"{base}/Groups/{group.pk}", "type": "direct"}
        for group in person.groups.all()
    ]
    found = {
        "schemas": [USER],
        "id": str(person.pk),
        "externalId": person.external_id,
        "userName": person.user_name,
        "name": {key: value for key, value in name.items() if value},
        "displayName": person.display_name,
        "title": person.title,
        "active": person.is_active,
        "emails": [{"value": person.email, "type": "work", "primary": True}] if person.email else [],
        "groups": groups,
        "meta": _meta(person, "User", f"{base}/Users/{person.pk}"),
    }
    return {key: value for key, value in found.items() if value not in ("", [], {})}


def group_document(group: DirectoryGroup, base: str) -> dict[str, Any]:
    """Return a group with who is in it."""
    people = [
        {
            "value": str(person.pk),
            "display": person.user_name,
            "$ref": f"{base}/Users/{person.pk}",
            "type": "User",
        }
        for person in group.people.all()
    ]
    found = {
        "schemas": [GROUP],
        "id": str(group.pk),
        "externalId": group.external_id,
        "displayName": group.name,
        "members": people,
        "meta": _meta(group, "Group", f"{base}/Groups/{group.pk}"),
    }
    return {key: value for key, value in found.items() if value not in ("", [])}


def read_user(body: Any) -> Person:
    """Return what a document says of somebody. Raises: BadScim."""
    given = _object(body, USER_ATTRIBUTES)
    name = given.get("name")
    name = {key.lower(): value for key, value in name.items()} if isinstance(name, Mapping) else {}
    user_name = _text(given.get("userName"), "userName", 254)
    if not user_name:
        raise BadScim("userName is needed.")
    email = _email(given.get("emails")) or (user_name if "@" in user_name else "")
    formatted = _text(name.get("formatted"), "name.formatted", 200)
    return Person(
        user_name=user_name,
        external_id=_text(given.get("externalId"), "externalId", 255),
        email=_address(email),
        given_name=_text(name.get("givenname"), "name.givenName", 120),
        family_name=_text(name.get("familyname"), "name.familyName", 120),
        display_name=_text(given.get("displayName"), "displayName", 200) or formatted,
        title=_text(given.get("title"), "title", 120),
        is_active=_flag(given.get("active", True)),
    )


def read_group(body: Any) -> tuple[str, str, list[UUID]]:
    """Return name, external id and members of a group's document. Raises: BadScim."""
    given = _object(body, GROUP_ATTRIBUTES)
    name = _text(given.get("displayName"), "displayName", 200)
    if not name:
        raise BadScim("displayName is needed.")
    listed = given.get("members") or []
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise BadScim("members is a list of objects.")
    values = [next((v for k, v in each.items() if k.lower() == "value"), None) for each in listed]
    try:
        people = [UUID(str(value)) for value in values]
    except ValueError:
        raise BadScim("A member is named by the id of a user.") from None
    return name, _text(given.get("externalId"), "externalId", 255), list(dict.fromkeys(people))


def only(found: dict[str, Any], wanted: str, unwanted: str) -> dict[str, Any]:
    """Return a document with the attributes that the client wants. Source: RFC 7644 §3.9."""
    kept = {_first(word) for word in wanted.split(",") if word.strip()}
    dropped = {_first(word) for word in unwanted.split(",") if word.strip()} - {"id", "schemas"}
    if kept:
        return {key: value for key, value in found.items() if key.lower() in kept | {"id", "schemas", "meta"}}
    return {key: value for key, value in found.items() if key.lower() not in dropped}


def listing(rows: Iterable[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    """Return a page of resources."""
    resources = list(rows)
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def tag_of(version: int) -> str:
    """Return the ETag of a version."""
    return f'W/"{version}"'


def _meta(row: Any, kind: str, address: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": _instant(row.created_at),
        "lastModified": _instant(row.changed_at),
        "location": address,
        "version": tag_of(row.version),
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _first(word: str) -> str:
    return word.strip().rpartition(":")[2].partition(".")[0].lower()


def _object(body: Any, known: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise BadScim("Send a JSON object.", "invalidSyntax")
    return {known[key.lower()]: value for key, value in body.items() if str(key).lower() in known}


def _text(value: Any, name: str, most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or _NO_TEXT.search(value):
        raise BadScim(f"{name} is a text of at most {most} characters.")
    return value.strip()


def _email(listed: Any) -> str:
    """Return the primary address of a list, else the first."""
    if listed is None:
        return ""
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise BadScim("emails is a list of objects.")
    entries = [{str(key).lower(): value for key, value in each.items()} for each in listed]
    chosen = next((each for each in entries if each.get("primary") in (True, "true", "True")), None)
    chosen = chosen or next(iter(entries), {})
    return _text(chosen.get("value"), "emails.value", 254)


def _address(email: str) -> str:
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise BadScim("An address is name@host.") from None
    return email.lower()


def _flag(value: Any) -> bool:
    """Return whether somebody is active; some directories send the word instead of the value."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise BadScim("active is true or false.")
    return value
