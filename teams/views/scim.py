"""SCIM 2.0: people and groups of the workspace's directory, by a key of their own kind."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core.errors import CollabError, NotFound
from teams import directory
from teams.gates import by_link
from teams.scim import documents
from teams.scim.asking import chosen, condition, question, read_json, span, version_seen
from teams.scim.documents import MOST_ROWS
from teams.scim.errors import BadScim, document
from teams.scim.filters import GROUP_FIELDS, USER_FIELDS
from teams.scim.patches import patched
from teams.scim.resources import (
    GROUP_ATTRIBUTES,
    USER_ATTRIBUTES,
    group_document,
    listing,
    read_group,
    read_user,
    user_document,
)
from teams.services import directory as services
from teams.services.keys import find_key, note_used
from teams.states import KeyKind

CONTENT = "application/scim+json"
View = Callable[..., HttpResponse]


def scim(*methods: str, writes: bool = True) -> Callable[[View], View]:
    """Let a directory's key of this very workspace ask, and answer whatever goes wrong as SCIM does.

    What writes waits for the write before it, before it reads anything: two at once are two, one after the other.
    """

    def attach(view: View) -> View:
        @by_link(*methods)
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            key = _key_of(request)
            if key is None:
                response = _answer(document(401, "Give a valid SCIM key of this workspace."), 401)
                response["WWW-Authenticate"] = 'Bearer realm="collab-scim"'
                return response
            request.key, request.by = key, directory.directory_actor(key)
            try:
                if writes and request.method != "GET":
                    directory.hold_directory(key.workspace_id)
                return view(request, *args, **kwargs)
            except CollabError as error:
                request.must_roll_back = True
                status, kind = error.status, "uniqueness" if error.code == "uniqueness" else ""
                if isinstance(error, BadScim):
                    kind = error.kind
                elif status == 422:
                    status, kind = 400, "invalidValue"
                return _answer(document(status, error.message, kind), status)

        guarded.csrf_exempt = True
        return guarded

    return attach


@scim("GET", "POST")
def users(request: HttpRequest) -> HttpResponse:
    """List or take up people."""
    if request.method == "GET":
        return _people_page(request, request.GET.dict())
    person = services.create_person(
        facts=read_user(read_json(request.body)), asking=directory.minted_by(request.key), by=request.by
    )
    return _one(request, user_document(directory.get_person(str(person.pk)), _base(request)), 201)


@scim("GET", "PUT", "PATCH", "DELETE")
def user(request: HttpRequest, person: str) -> HttpResponse:
    """Show, change or forget somebody."""
    found = directory.get_person(person)
    shown = user_document(found, _base(request))
    if request.method == "GET":
        return _one(request, shown)
    if request.method == "DELETE":
        services.delete_person(person=found, seen=_seen(request), by=request.by)
        return HttpResponse(status=204)
    body = read_json(request.body)
    wanted = patched(shown, body, USER_ATTRIBUTES) if request.method == "PATCH" else body
    services.change_person(
        person=found,
        facts=read_user(wanted),
        seen=_seen(request),
        asking=directory.minted_by(request.key),
        by=request.by,
    )
    return _one(request, user_document(directory.get_person(person), _base(request)))


@scim("GET", "POST")
def groups(request: HttpRequest) -> HttpResponse:
    """List or take up groups."""
    if request.method == "GET":
        return _groups_page(request, request.GET.dict())
    name, external_id, ids = read_group(read_json(request.body))
    group = services.create_group(name=name, external_id=external_id, people=_people(ids), by=request.by)
    return _one(request, group_document(directory.get_group(str(group.pk)), _base(request)), 201)


@scim("GET", "PUT", "PATCH", "DELETE")
def group(request: HttpRequest, group: str) -> HttpResponse:
    """Show, change or forget a group."""
    found = directory.get_group(group)
    shown = group_document(found, _base(request))
    if request.method == "GET":
        return _one(request, shown)
    if request.method == "DELETE":
        services.delete_group(group=found, seen=_seen(request), by=request.by)
        return HttpResponse(status=204)
    body = read_json(request.body)
    wanted = patched(shown, body, GROUP_ATTRIBUTES) if request.method == "PATCH" else body
    name, external_id, ids = read_group(wanted)
    services.change_group(
        group=found,
        name=name,
        external_id=external_id,
        people=_people(ids),
        seen=_seen(request),
        by=request.by,
    )
    return _one(request, group_document(directory.get_group(group), _base(request)))


@scim("POST", writes=False)
def user_search(request: HttpRequest) -> HttpResponse:
    """List people by a question in the body, so that it stands in no address."""
    return _people_page(request, question(read_json(request.body)))


@scim("POST", writes=False)
def group_search(request: HttpRequest) -> HttpResponse:
    """List groups by a question in the body."""
    return _groups_page(request, question(read_json(request.body)))


@scim("POST", writes=False)
def search(request: HttpRequest) -> HttpResponse:
    """List people and groups by a question in the body; a filter about one kind finds none of the other."""
    asked, base = question(read_json(request.body)), _base(request)
    found: list[dict[str, Any]] = []
    unfit = []
    for rows_of, fields, shape in (
        (directory.people, USER_FIELDS, user_document),
        (directory.groups, GROUP_FIELDS, group_document),
    ):
        try:
            rows = rows_of(condition(asked, fields))
        except BadScim as error:
            unfit.append(error)
        else:
            found += [shape(row, base) for row in rows[:MOST_ROWS]]  # type: ignore[arg-type]  # each its own rows
    if len(unfit) == len((USER_FIELDS, GROUP_FIELDS)):
        raise unfit[0]
    start, count = span(asked)
    shown = [chosen(asked, each) for each in found[start - 1 : start - 1 + count]]
    return _answer(listing(shown, len(found), start))


@scim("GET")
def service(request: HttpRequest) -> HttpResponse:
    """Say what the service can do."""
    return _answer(documents.service(_base(request)))


@scim("GET")
def resource_types(request: HttpRequest, name: str = "") -> HttpResponse:
    """Say which kinds of resources there are."""
    return _about(request, documents.resource_types(_base(request)), name)


@scim("GET")
def schemas(request: HttpRequest, name: str = "") -> HttpResponse:
    """Say what the resources consist of."""
    return _about(request, documents.schemas(_base(request)), name)


def _about(request: HttpRequest, found: list[dict[str, Any]], name: str) -> HttpResponse:
    if not name:
        if "filter" in request.GET:
            return _answer(document(403, "These cannot be filtered."), 403)
        return _answer(listing(found, len(found), 1))
    named = next((each for each in found if each["id"] == name), None)
    if named is None:
        raise NotFound("There is no such thing.")
    return _answer(named)


def _key_of(request: HttpRequest) -> Any:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    key = find_key(secret.strip(), KeyKind.SCIM) if scheme.lower() == "bearer" else None
    if key is None or key.workspace_id != request.workspace.pk or key.purpose != services.PURPOSE:
        return None
    note_used(key)
    return key


def _people(ids: Any) -> Any:
    try:
        return directory.people_by_id(ids)
    except NotFound as error:
        raise BadScim(error.message) from None


def _people_page(request: HttpRequest, asked: Mapping[str, str]) -> HttpResponse:
    rows = directory.people(condition(asked, USER_FIELDS))
    return _page(asked, rows, lambda row: user_document(row, _base(request)))


def _groups_page(request: HttpRequest, asked: Mapping[str, str]) -> HttpResponse:
    rows = directory.groups(condition(asked, GROUP_FIELDS))
    return _page(asked, rows, lambda row: group_document(row, _base(request)))


def _page(
    asked: Mapping[str, str], rows: QuerySet[Any], shape: Callable[[Any], dict[str, Any]]
) -> HttpResponse:
    start, count = span(asked)
    shown = [chosen(asked, shape(row)) for row in rows[start - 1 : start - 1 + count]]
    return _answer(listing(shown, rows.count(), start))


def _one(request: HttpRequest, found: dict[str, Any], status: int = 200) -> HttpResponse:
    tag = found["meta"]["version"]
    if request.method == "GET" and tag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        response = _answer(chosen(request.GET, found), status)
        response["Location"] = found["meta"]["location"]
    response["ETag"] = tag
    return response


def _seen(request: HttpRequest) -> int | None:
    return version_seen(request.headers.get("If-Match", ""))


def _base(request: HttpRequest) -> str:
    return f"{settings.BASE_URL}/scim/v2/{request.workspace.slug}"


def _answer(body: dict[str, Any], status: int = 200) -> HttpResponse:
    response = HttpResponse(json.dumps(body), status=status, content_type=CONTENT)
    response["Cache-Control"] = "no-store"
    return response
