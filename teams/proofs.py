"""What a session has proven about the person before it: by what, and how long ago; and what a workspace asks of it.

allauth keeps the list of proofs in the session; reading it costs nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import NotAllowed
from teams.models import Membership, Workspace
from teams.sessions import VOUCHES
from teams.states import RoleKey

PROOFS = "account_authentication_methods"
PROVEN_BY = "account_authentication_methods_user"
FACTOR = "mfa"
PASSWORD = "password"  # noqa: S105  # the library's name for this kind of proof
SECOND_STEPS = ("totp", "webauthn")
FRESH = timedelta(minutes=15)
SECOND_STEP = "second_step"
"""The workspace's setting: True where every member needs a second step."""
PROVIDER_ONLY = "provider_only"
"""The workspace's setting: True where only its identity provider lets people in, besides owners by their own factor."""
MOST_VOUCHES = 5


class ProveAgain(NotAllowed):
    """The session has not shown lately who it is; with a second step where the person has one."""

    code = "reauthentication_required"


class SecondStepRequired(NotAllowed):
    """The workspace lets nobody in without a second step."""

    code = "second_step_required"


class ProviderRequired(NotAllowed):
    """The workspace lets people in by its identity provider only."""

    code = "provider_required"


@dataclass(frozen=True, slots=True)
class Vouch:
    """What a workspace's provider said of a session: good for that workspace, and worth nothing anywhere else.

    `known` is the digest that ends sessions with a changed password; `factor` whether the provider saw a second step.
    """

    slug: str
    workspace: str
    identity: str
    member: str
    user: str
    known: str
    at: float
    factor: bool


def vouch_of(session: Mapping[str, Any], slug: str) -> Vouch | None:
    """Return what the provider of the workspace said of the session; nothing where another person is logged in."""
    kept = session.get(VOUCHES, {}).get(slug)
    if not kept:
        return None
    vouch = Vouch(**kept)
    own = session.get(SESSION_KEY)
    return vouch if own is None or str(own) == vouch.user else None


def persons_of(session: Mapping[str, Any]) -> set[str]:
    """Return the accounts for which a session stands: of who logged in, and of whom providers vouch for."""
    own = session.get(SESSION_KEY)
    vouched = {kept["user"] for kept in session.get(VOUCHES, {}).values()}
    return vouched | ({str(own)} if own is not None else set())


def note_vouch(session: Any, vouch: Vouch) -> None:
    """Keep what a provider said, of the latest few workspaces."""
    others = {slug: kept for slug, kept in session.get(VOUCHES, {}).items() if slug != vouch.slug}
    latest = dict(list(others.items())[1 - MOST_VOUCHES :])
    session[VOUCHES] = {**latest, vouch.slug: asdict(vouch)}


def drop_vouches_for_others(session: Any, user_id: Any) -> None:
    """Forget what providers said of anybody but the person who has just logged in."""
    kept = session.get(VOUCHES, {})
    own = {slug: each for slug, each in kept.items() if each["user"] == str(user_id)}
    if own != kept:
        session[VOUCHES] = own


def proofs(session: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the session has proven about the person who is logged in, oldest first."""
    is_theirs = session.get(PROVEN_BY) is not None and session.get(PROVEN_BY) == session.get(SESSION_KEY)
    return list(session.get(PROOFS, [])) if is_theirs else []


def has_proven_factor(session: Mapping[str, Any]) -> bool:
    """Tell whether the session was opened, or confirmed since, with a second step."""
    return any(proof.get("method") == FACTOR for proof in proofs(session))


def is_fresh(session: Mapping[str, Any], at: datetime, *, by_factor: bool) -> bool:
    """Tell whether the person showed lately who it is; a second step counts alone where there is one."""
    since = (at - FRESH).timestamp()
    return any(
        proof.get("at", 0) >= since and (proof.get("method") == FACTOR or not by_factor)
        for proof in proofs(session)
    )


def asks_for_second_step(workspace: Workspace) -> bool:
    """Tell whether the workspace lets nobody in without a second step."""
    return bool(workspace.settings.get(SECOND_STEP))


def asks_for_provider(workspace: Workspace) -> bool:
    """Tell whether the workspace lets people in by its provider only; owners keep their own way in."""
    return bool(workspace.settings.get(PROVIDER_ONLY))


def require_provider(member: Membership, vouch: Vouch | None) -> None:
    """Pass where the workspace does not ask for its provider, or the provider vouched for this session's member.

    Owners pass by what is their own: the way in when the provider is broken. Raises: ProviderRequired.
    """
    if not asks_for_provider(member.workspace) or member.role.key == RoleKey.OWNER:
        return
    if vouch is None or vouch.member != str(member.pk):
        raise ProviderRequired(
            _("This workspace lets people in by its own log-in only. Use it once, then repeat this."),
            missing=_("the log-in of the workspace"),
        )


def require_second_step(
    member: Membership, session: Mapping[str, Any] | None, vouch: Vouch | None = None
) -> None:
    """Pass where the workspace asks for no second step, or this member and this session have one.

    A program bears a token and no session: there the member must have a second step. A provider that says that it
    saw one is believed, by its own workspace.
    Raises: SecondStepRequired.
    """
    if not asks_for_second_step(member.workspace) or (vouch is not None and vouch.factor):
        return
    if member.has_second_step and (session is None or has_proven_factor(session)):
        return
    raise SecondStepRequired(
        _("This workspace asks everybody for a second step. Set one up in your account, or log in with it."),
        missing=_("a second step"),
    )


def require_fresh(member: Membership, session: Mapping[str, Any]) -> None:
    """Pass where the session showed lately who it is. Raises: ProveAgain."""
    if not is_fresh(session, now(), by_factor=bool(member.has_second_step)):
        raise ProveAgain(_("Show once more who you are, then repeat this."))
