"""Each view declares here who may ask for it; a view that declares nothing is refused by the middleware."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.translation import gettext as _

from core.errors import NotAllowed
from teams.actors import Actor
from teams.models import Membership
from teams.permissions import require, verbs
from teams.proofs import require_fresh
from teams.states import ActorKind

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Access:
    """The declared rule of a view: public, signed_in, member, or link (by bearer key), and each method's verb."""

    kind: str
    verbs: Mapping[str, str | None]
    is_export: bool = False
    """Whether what it answers is taken away as a file: much at once, beyond the reach of every right."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Return the methods that the view answers."""
        return tuple(self.verbs)


def public(*methods: str) -> Callable[[View], View]:
    """Let anybody ask."""
    return _declare(Access("public", dict.fromkeys(methods or ("GET",))))


def signed_in(*methods: str) -> Callable[[View], View]:
    """Let anybody ask who is logged in, outside any workspace."""
    return _declare(Access("signed_in", dict.fromkeys(methods or ("GET",))))


def by_link(*methods: str) -> Callable[[View], View]:
    """Let the bearer of a key in the URL ask; the view checks the key's kind, purpose and scope."""
    return _declare(Access("link", dict.fromkeys(methods or ("GET",))))


def members(verb: str, *methods: str) -> Callable[[View], View]:
    """Let members ask who hold `verb`, themselves or by cover; the view still gates each object."""
    return _declare(Access("member", dict.fromkeys(methods or ("GET",), verb)))


def members_by(verbs: Mapping[str, str]) -> Callable[[View], View]:
    """Let members ask who hold the verb of the method: `{"GET": "app.noun.see", "POST": "app.noun.edit"}`."""
    return _declare(Access("member", dict(verbs)))


def export(verb: str) -> Callable[[View], View]:
    """Let members take a file along who hold `verb` and have shown lately who they are."""
    return _declare(Access("member", {"GET": verb}, is_export=True))


def access_of(view: Any) -> Access | None:
    """Return the rule that a view declared."""
    return getattr(view, "access", None)


def require_verb(request: HttpRequest, access: Access) -> None:
    """Require the verb that the view declares for the request's method, and, for some, a fresh proof of who asks.

    Raises: NotAllowed, ProveAgain.
    """
    verb = access.verbs.get("GET" if request.method in ("HEAD", "OPTIONS") else str(request.method))
    if verb is not None:
        actor: Actor = request.actor  # type: ignore[attr-defined]  # set by the middleware
        require(actor, verb)
        if actor.kind == ActorKind.STAFF and request.method not in SAFE:
            raise NotAllowed(_("An operator on a visit looks and changes nothing."), verb=verb)
        if actor.kind == ActorKind.STAFF and access.is_export:
            raise NotAllowed(_("An operator on a visit takes no files along."), verb=verb)
        if actor.is_preview and request.method not in SAFE:
            raise NotAllowed(_("You look as another role and can change nothing. End that first."), verb=verb)
        asks_again = access.is_export or (verbs.get(verb).asks_again and request.method not in SAFE)
        if asks_again and actor.kind == ActorKind.MEMBER:
            require_fresh(cast("Membership", actor.member), request.session)


def _declare(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in _with_head(access.methods):
                return HttpResponseNotAllowed(access.methods)
            require_verb(request, access)
            return view(request, *args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]  # read by the middleware and the URL walk
        return guarded

    return decorate


def _with_head(methods: Sequence[str]) -> set[str]:
    return {*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}
