"""What the service says of itself: features, kinds of resources, schemas. Source: RFC 7643 §5 to §7."""

from typing import Any

from teams.scim.resources import GROUP, USER

MOST_ROWS = 200
_CORE = "urn:ietf:params:scim:schemas:core:2.0"


def service(base: str) -> dict[str, Any]:
    """Return what the service can do."""
    return {
        "schemas": [f"{_CORE}:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_ROWS},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer key",
                "description": "A key made under Log-in and provisioning, in the Authorization header.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """Return the kinds of resources."""
    return [
        {
            "schemas": [f"{_CORE}:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "description": description,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, description, schema in (
            ("User", "Somebody whom the directory manages here", USER),
            ("Group", "A group of the directory", GROUP),
        )
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """Return what the resources consist of."""
    return [_schema(USER, "User", _of_users(), base), _schema(GROUP, "Group", _of_groups(), base)]


def _of_users() -> list[dict[str, Any]]:
    return [
        _attribute("userName", required=True, uniqueness="server"),
        _attribute(
            "name",
            kind="complex",
            inner=[_attribute("familyName"), _attribute("givenName")],
        ),
        _attribute("displayName"),
        _attribute("title"),
        _attribute("active", kind="boolean", required=True),
        _attribute(
            "emails",
            kind="complex",
            many=True,
            inner=[
                _attribute("value"),
                _attribute("type", mutability="readOnly"),
                _attribute("primary", kind="boolean", mutability="readOnly"),
            ],
        ),
        _attribute(
            "groups",
            kind="complex",
            many=True,
            mutability="readOnly",
            inner=[
                _attribute("value", mutability="readOnly"),
                _attribute("$ref", kind="reference", refers=["Group"], mutability="readOnly"),
                _attribute("display", mutability="readOnly"),
                _attribute("type", mutability="readOnly"),
            ],
        ),
    ]


def _of_groups() -> list[dict[str, Any]]:
    return [
        _attribute("displayName", required=True, uniqueness="server"),
        _attribute(
            "members",
            kind="complex",
            many=True,
            inner=[
                _attribute("value", mutability="immutable"),
                _attribute("$ref", kind="reference", refers=["User"], mutability="immutable"),
                _attribute("display", mutability="readOnly"),
                _attribute("type", mutability="readOnly"),
            ],
        ),
    ]


def _schema(ident: str, name: str, attributes: list[dict[str, Any]], base: str) -> dict[str, Any]:
    return {
        "schemas": [f"{_CORE}:Schema"],
        "id": ident,
        "name": name,
        "description": name,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{ident}"},
    }


def _attribute(
    name: str,
    *,
    kind: str = "string",
    many: bool = False,
    required: bool = False,
    mutability: str = "readWrite",
    uniqueness: str = "none",
    refers: list[str] | None = None,
    inner: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": many,
        "description": name,
        "required": required,
        "caseExact": False,
        "mutability": mutability,
        "returned": "default",
        "uniqueness": uniqueness,
    }
    if refers:
        found["referenceTypes"] = refers
    if inner:
        found["subAttributes"] = inner
    return found
