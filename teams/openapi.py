"""What the OpenAPI document says of an endpoint: bodies, answers, refusals, headers and pages."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

Shape = type[serializers.Serializer[Any]]
PerMethod = Shape | Mapping[str, Shape] | None
Lists = Literal["pages", "whole"] | None

PROBLEM = "application/problem+json"
OF_READS = (400, 401, 403, 404, 422, 429)
OF_WRITES = (*OF_READS, 409, 413, 415)

WORKSPACE = OpenApiParameter(
    "workspace",
    {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    OpenApiParameter.PATH,
    description="The workspace's slug.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="Repeating the request with this key within 24 hours answers the first answer again.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    OpenApiParameter.HEADER,
    required=True,
    description="The number of the revision that was changed, in quotes.",
)
PAGE = (
    OpenApiParameter("cursor", str, description="Where the page begins, as given in `next`."),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library registers untyped
    """The access token of a member or a program."""

    target_class = "teams.credentials.WorkspaceAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme."""
        return {"type": "http", "scheme": "bearer"}


def shape(name: str, /, **fields: Any) -> Shape:
    """Return a serializer that only describes; fields may have names that Python keeps for itself."""
    return type(name, (serializers.Serializer,), {"__doc__": None, **fields})


Why = shape(
    "Why",
    verb=serializers.CharField(allow_blank=True),
    missing=serializers.CharField(allow_blank=True),
    ask=serializers.ListField(child=serializers.CharField(), help_text="Who can help."),
)
Problem = shape(
    "Problem",
    type=serializers.CharField(),
    title=serializers.CharField(),
    status=serializers.IntegerField(),
    code=serializers.CharField(),
    detail=serializers.CharField(),
    why=Why(required=False),
    errors=serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False),
    choices=serializers.ListField(child=serializers.DictField(), required=False),
)


def described(
    view: Any,
    methods: Mapping[str, Any],
    *,
    name: str,
    in_workspace: bool,
    body: PerMethod = None,
    answers: PerMethod = None,
    lists: Lists = None,
    created: bool = True,
    if_match: bool = False,
    may_vanish: bool = False,
    query: tuple[OpenApiParameter, ...] = (),
) -> Any:
    """Return the view with what the document says of each of its methods.

    With `may_vanish` a PATCH may leave nothing to answer.
    `lists` names how GET answers: in pages with cursors, or everything as one page. Without `created`, POST
    answers 200.
    """
    for method in methods:
        is_stale = if_match and method == "PATCH"
        answer = _of(answers, method) if method != "DELETE" else None
        status = 204 if method == "DELETE" else 201 if method == "POST" and created else 200
        statuses = OF_READS if method == "GET" else (*OF_WRITES, *((412, 428) if is_stale else ()))
        describe: Callable[[Any], Any] = extend_schema(
            methods=[method],
            operation_id=f"{name}_{method.lower()}",
            parameters=_parameters(method, in_workspace, lists, is_stale, query),
            request=None if method in ("GET", "DELETE") else _of(body, method),
            responses={
                status: _page(answer) if lists and method == "GET" and answer else answer,
                **({204: None} if may_vanish and method == "PATCH" else {}),
                **{(code, PROBLEM): Problem for code in sorted(statuses)},
            },
        )
        view = describe(view)
    return view


def _parameters(
    method: str, in_workspace: bool, lists: Lists, is_stale: bool, query: tuple[OpenApiParameter, ...]
) -> list[Any]:
    found = [WORKSPACE] if in_workspace else []
    if method == "GET":
        found += [*query, *(PAGE if lists == "pages" else ())]
    if method == "POST" and in_workspace:
        found.append(IDEMPOTENCY_KEY)
    return [*found, IF_MATCH] if is_stale else found


def _of(shapes: PerMethod, method: str) -> Shape | None:
    return shapes.get(method) if isinstance(shapes, Mapping) else shapes


PAGES: dict[Shape, Shape] = {}


def _page(row: Shape) -> Shape:
    """Return the shape of a page of rows."""
    name = row.__name__.removesuffix("Output")
    fields = {"results": row(many=True), "next": serializers.URLField(allow_null=True)}
    return PAGES.setdefault(row, shape(f"{name}Page", **fields))
