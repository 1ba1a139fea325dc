"""What every REST endpoint shares: rule, credentials, problem documents, keyset lists, idempotency, If-Match."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.utils.encoders import JSONEncoder

from core.clock import now
from core.errors import CollabError, Invalid
from core.paging import keyset
from teams.edges import problem, problem_of
from teams.gates import Access, require_verb
from teams.models import IdempotencyRecord
from teams.openapi import described

Endpoint = Callable[..., Response]
KEPT_FOR = timedelta(hours=24)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_IF_MATCH = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def endpoint(
    verbs: Mapping[str, str | None], *, kind: str = "member", **description: Any
) -> Callable[[Endpoint], Any]:
    """Declare a REST endpoint: its methods and the right that each needs. POST honours Idempotency-Key.

    What else is given stands in the OpenAPI document; see `teams.openapi.described`.
    """
    access = Access(kind, dict(verbs))

    def decorate(body: Endpoint) -> Any:
        @wraps(body)
        def guarded(request: Request, *args: Any, **kwargs: Any) -> Response:
            require_verb(request._request, access)
            _require_text(request.query_params)
            if request.method == "POST" and "Idempotency-Key" in request.headers and request._request.actor:
                return once(request, lambda: body(request, *args, **kwargs))
            return body(request, *args, **kwargs)

        view = api_view(list(verbs))(guarded)
        view.access = access
        return described(view, verbs, name=body.__name__, in_workspace=kind == "member", **description)

    return decorate


def once(request: Request, body: Callable[[], Response]) -> Response:
    """Run a POST once for its Idempotency-Key and answer repetitions with the first answer, for 24 hours.

    Locks: the record's unique key makes a simultaneous repetition wait for the first one's commit.
    Raises: Invalid (422) for the same key with another body.
    """
    key = request.headers["Idempotency-Key"]
    if not 1 <= len(key) <= 255:
        raise Invalid(_("An Idempotency-Key has 1 to 255 characters."))
    actor = request._request.actor
    own = IdempotencyRecord.objects.filter(actor_id=actor.id, key=key)
    own.filter(created_at__lt=now() - KEPT_FOR).delete()
    record = IdempotencyRecord(
        workspace_id=actor.workspace_id, actor_id=actor.id, key=key, fingerprint=_fingerprint(request)
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        return _replay(own.get(), record.fingerprint)
    response = body()
    own.update(status=response.status_code, body=json.loads(json.dumps(response.data, cls=JSONEncoder)))
    return response


def _replay(kept: IdempotencyRecord, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise Invalid(
            _("This Idempotency-Key was used for a different request."), code="idempotency_mismatch"
        )
    response = Response(kept.body, status=kept.status)
    response["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: Request) -> str:
    content = request.content_type or ""
    if content.startswith("multipart/"):
        files = {name: hashlib.sha256(file.read()).hexdigest() for name, file in request.FILES.items()}
        for file in request.FILES.values():
            file.seek(0)
        body = json.dumps([sorted(request.POST.items()), files])
    else:
        body = json.dumps(request.data, sort_keys=True, default=str)
    return hashlib.sha256(f"{request.path}\n{body}".encode()).hexdigest()


def listing(
    request: Request,
    queryset: models.QuerySet[Any],
    serialize: Callable[[Any], Any],
    *,
    by: Sequence[str],
) -> Response:
    """Answer a bounded list: `results` and the URL of the next page or null. Query: `cursor`, `limit` (1 to 200)."""
    cursor = request.query_params.get("cursor")
    page = keyset(queryset, by=by, cursor=cursor, size=page_size(request))
    return respond(request, [serialize(row) for row in page.rows], page.next)


def page_size(request: Request) -> int:
    """Return how many rows the caller wants. Raises: Invalid."""
    limit = request.query_params.get("limit", "50")
    if not limit.isdecimal() or len(limit) > 3 or not 1 <= int(limit) <= 200:
        raise Invalid(_("The limit is a number from 1 to 200."), fields={"limit": [_("From 1 to 200.")]})
    return int(limit)


def respond(request: Request, results: list[Any], cursor: str | None) -> Response:
    """Answer one page of a list, with the URL of the next one."""
    following = None
    if cursor:
        query = request.query_params.copy()
        query["cursor"] = cursor
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return Response({"results": results, "next": following})


def read(serializer: type[Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """Return the validated body. Raises: Invalid with each field's reasons; unknown fields are named too."""
    if not isinstance(request.data, Mapping):
        raise Invalid(_("Send a JSON object."))
    form = serializer(data=request.data, partial=partial)
    _require_text(request.data)
    unknown = [name for name in request.data if name not in form.fields]
    if unknown:
        raise Invalid(_("Unknown fields."), fields={name: [_("Unknown field.")] for name in unknown[:20]})
    if not form.is_valid():
        raise Invalid(_("The request could not be used."), fields=flatten(form))
    return dict(form.validated_data)


def _require_text(values: Any) -> None:
    """Refuse text, anywhere in what was sent, that is no Unicode or that the database cannot keep.

    Raises: Invalid.
    """
    if isinstance(values, str) and _NO_TEXT.search(values):
        raise Invalid(
            _("Text may hold neither null characters nor halves of surrogate pairs."), code="no_text"
        )
    if isinstance(values, Mapping):
        _require_text(list(values))
        _require_text(list(values.values()))
    if isinstance(values, list):
        for value in values:
            _require_text(value)


def flatten(form: BaseSerializer[Any]) -> dict[str, list[str]]:
    """Return a serializer's errors as dotted field names with their reasons."""
    found: dict[str, list[str]] = {}

    def walk(prefix: str, errors: Any) -> None:
        if isinstance(errors, Mapping):
            for name, inner in errors.items():
                walk(f"{prefix}.{name}" if prefix else str(name), inner)
        elif isinstance(errors, list) and any(isinstance(part, Mapping | list) for part in errors):
            for index, inner in enumerate(errors):
                walk(f"{prefix}.{index}", inner)
        else:
            found[prefix or "body"] = [str(text) for text in errors]

    walk("", form.errors)
    return found


def if_match(request: Request) -> int:
    """Return the revision number of the If-Match header. Raises: Invalid (428) without, (400) malformed."""
    header = request.headers.get("If-Match")
    if header is None:
        error = Invalid(_("Send If-Match with the revision that you changed."), code="if_match_required")
        error.status = 428
        raise error
    match = _IF_MATCH.fullmatch(header.strip())
    if match is None:
        raise Invalid(_("If-Match carries a revision number in quotes."), code="if_match_malformed")
    return int(match[1])


def as_problem(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Turn what an endpoint raised into a problem document and roll its transaction back."""
    context["request"]._request.must_roll_back = True
    if isinstance(error, CollabError):
        return problem_of(error)
    if isinstance(error, Http404):
        return problem(404, "not_found", _("There is no such thing here."))
    if isinstance(error, PermissionDenied):
        return problem(403, "not_allowed", _("You may not do this."))
    if isinstance(error, exceptions.APIException):
        code = error.default_code if isinstance(error.default_code, str) else "error"
        response = problem(error.status_code, code, str(error.detail))
        if error.status_code == 401:
            response["WWW-Authenticate"] = 'Bearer realm="collab"'
        return response
    return None
