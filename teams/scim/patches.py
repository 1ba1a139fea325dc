"""Patches: a resource's document as it stands after add, replace and remove. Source: RFC 7644 §3.5.2."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from teams.scim.errors import BadScim

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1000
_PATH = re.compile(
    r"(?:urn:[\w:.\-]+:)?(?P<name>[A-Za-z$][\w$\-]*)"
    r"(?:\[\s*(?P<key>[A-Za-z]\w*)\s+eq\s+(?P<value>\"(?:[^\"\\]|\\.)*\"|true|false)\s*\])?"
    r"(?:\.(?P<sub>[A-Za-z$][\w$\-]*))?",
    re.ASCII | re.IGNORECASE,
)
READ_ONLY = {"id", "meta", "schemas", "groups"}


def patched(resource: Mapping[str, Any], body: Any, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the resource after the operations, in their order.

    `known` maps attributes in lower case to how they are written. Raises: BadScim.
    """
    operations = _operations(body)
    found: dict[str, Any] = deepcopy(dict(resource))
    for operation in operations:
        kind = str(operation.get("op", "")).lower()
        if kind not in ("add", "replace", "remove"):
            raise BadScim("An operation is add, replace or remove.", "invalidSyntax")
        path, value = operation.get("path"), operation.get("value")
        if path is None:
            if kind == "remove":
                raise BadScim("A removal needs a path.", "noTarget")
            if not isinstance(value, Mapping):
                raise BadScim("Without a path the value is an object.")
            for name, inner in value.items():
                _apply(found, kind, str(name), inner, known)
        else:
            _apply(found, kind, str(path), value, known)
    return found


def _operations(body: Any) -> list[Mapping[str, Any]]:
    listed = None
    if isinstance(body, Mapping):
        listed = next((value for name, value in body.items() if str(name).lower() == "operations"), None)
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_OPERATIONS:
        raise BadScim("A patch is a list of operations.", "invalidSyntax")
    if not all(isinstance(each, Mapping) for each in listed):
        raise BadScim("Each operation is an object.", "invalidSyntax")
    return listed


def _apply(resource: dict[str, Any], kind: str, path: str, value: Any, known: Mapping[str, str]) -> None:
    match = _PATH.fullmatch(path.strip()) if len(path) <= 500 else None
    if match is None:
        raise BadScim("The path cannot be followed.", "invalidPath")
    name = known.get(match["name"].lower())
    if name in READ_ONLY:
        raise BadScim(f"{name} is read only.", "mutability")
    if name is None:
        return  # an attribute that we do not keep
    if match["key"]:
        _apply_to_one(resource, kind, name, match, value)
    elif match["sub"]:
        _apply_inside(resource, kind, name, match["sub"], value)
    elif kind == "remove":
        _remove(resource, name, value)
    elif kind == "add" and isinstance(resource.get(name), list):
        resource[name] = [*resource[name], *(value if isinstance(value, list) else [value])]
    elif kind == "add" and isinstance(resource.get(name), Mapping) and isinstance(value, Mapping):
        resource[name] = {**resource[name], **value}
    else:
        resource[name] = value


def _remove(resource: dict[str, Any], name: str, value: Any) -> None:
    """Take an attribute away, or of a list the named entries only."""
    listed = resource.get(name)
    if value is None or not isinstance(listed, list):
        resource.pop(name, None)
        return
    given = value if isinstance(value, list) else [value]
    gone = {str(each.get("value") if isinstance(each, Mapping) else each) for each in given}
    resource[name] = [each for each in listed if str(_value_of(each)) not in gone]


def _apply_inside(resource: dict[str, Any], kind: str, name: str, sub: str, value: Any) -> None:
    inner = resource.get(name)
    if isinstance(inner, list):
        for each in inner:
            if isinstance(each, dict):
                _set(each, kind, sub, value)
        return
    inner = dict(inner) if isinstance(inner, Mapping) else {}
    _set(inner, kind, sub, value)
    resource[name] = inner


def _apply_to_one(resource: dict[str, Any], kind: str, name: str, match: "re.Match[str]", value: Any) -> None:
    """Change the entries of a list that a filter in the path picks."""
    listed = resource.get(name)
    listed = list(listed) if isinstance(listed, list) else []
    wanted = match["value"].strip('"').lower()
    picked = [each for each in listed if str(_value_of(each, match["key"])).lower() == wanted]
    if kind == "remove" and not match["sub"]:
        resource[name] = [each for each in listed if each not in picked]
        return
    if not picked:
        if kind == "remove":
            return
        picked = [
            {match["key"]: wanted == "true" if wanted in ("true", "false") else match["value"].strip('"')}
        ]
        listed += picked
    for each in picked:
        if match["sub"]:
            _set(each, kind, match["sub"], value)
        elif isinstance(value, Mapping):
            each.update(value)
        else:
            raise BadScim("The value is an object.")
    resource[name] = listed


def _set(target: dict[str, Any], kind: str, sub: str, value: Any) -> None:
    name = next((known for known in target if known.lower() == sub.lower()), sub)
    if kind == "remove":
        target.pop(name, None)
    else:
        target[name] = value


def _value_of(entry: Any, name: str = "value") -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return next((value for key, value in entry.items() if key.lower() == name.lower()), None)
