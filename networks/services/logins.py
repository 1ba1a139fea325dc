"""Connecting an account by logging in at its network, and trying a log-in without publishing anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.http import OutboundError, outbound
from networks.models import Channel
from networks.oauth.exchange import LoginFailed, missing_scopes, redeem
from networks.oauth.servers import OAuthLogin, logins
from networks.permissions import CONNECT
from networks.protocol import Connected, OutcomeKind
from networks.services.apps import app_of
from networks.services.calls import call_for
from networks.services.channels import admit_account, admit_again, mark_needs_login
from networks.services.credentials import open_credentials
from networks.states import CONNECTED
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require

CODE_MAX = 4096


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was looked at, with what was found."""

    word: str
    is_well: bool
    note: str = ""


def connect_by_login(
    *,
    workspace: Workspace,
    kind: str,
    channel: Channel | None,
    answer: Mapping[str, str],
    verifier: str,
    back: str,
    by: Actor,
) -> Channel:
    """Trade the code that a browser brought back for tokens, and connect whose they are; nothing is published.

    `channel` is the one that logs in again, None for a new one. The caller has proved that this browser began the
    log-in for this workspace.
    Raises: NotAllowed; Invalid where the network refuses, grants too little or means another account; WrongState.
    Records: networks.channel.connected.
    """
    require(by, CONNECT, channel)
    login, app = logins.find(kind), app_of(kind)
    if login is None or app is None:
        raise Invalid(_("Say first which app of yours the network is to ask for."))
    code = answer.get("code", "")
    if "error" in answer or not 1 <= len(code) <= CODE_MAX:
        reason = answer.get("error", "")[:60] or "code"
        raise Invalid(_("The network did not let Collab in (%(reason)s).") % {"reason": reason})
    try:
        tokens = redeem(outbound(), login.server, app, code=code, verifier=verifier, back=back)
        if missing := missing_scopes(login.server, tokens):
            message = _("These rights were not granted: %(scopes)s. Log in again and grant all of them.")
            raise Invalid(message % {"scopes": ", ".join(missing)})
        connected = login.join(outbound(), tokens)
    except LoginFailed as failure:
        raise Invalid(_("The network gave no log-in: %s") % failure.outcome.reason) from failure
    except OutboundError as error:
        raise Invalid(_("The server could not be reached: %(reason)s") % {"reason": error.message}) from error
    return _admit(workspace, kind, channel, connected, by)


def try_login(*, channel: Channel, by: Actor) -> list[Tried]:
    """Look whether a channel's log-in works, reading only; a refused one is noted like a refused post's.

    Raises: NotAllowed. Records: networks.channel.login_needed where the network no longer lets us in.
    """
    require(by, CONNECT, channel)
    login = logins.get(channel.kind)
    scopes = set(open_credentials(channel).get("scope", "").split())
    found = [_look(login, channel, by)]
    found += [
        Tried(f"{words} ({scope})", scope in scopes, "" if scope in scopes else _("not granted"))
        for scope, words in login.server.scopes.items()
    ]
    can_renew = bool(open_credentials(channel).get("refresh_token"))
    note = "" if can_renew else _("The log-in ends by itself; the network gave nothing to renew it.")
    return [*found, Tried(_("The log-in renews itself"), can_renew, note)]


def _look(login: OAuthLogin, channel: Channel, by: Actor) -> Tried:
    word = _("The account answers")
    try:
        account = login.look(call_for(channel))
    except LoginFailed as failure:
        if failure.outcome.kind == OutcomeKind.NEEDS_LOGIN:
            mark_needs_login(channel=channel, reason=failure.outcome.reason, by=by)
        return Tried(word, is_well=False, note=failure.outcome.reason)
    except OutboundError as error:
        return Tried(word, is_well=False, note=error.message)
    except (LookupError, TypeError, ValueError):
        return Tried(word, is_well=False, note=_("The network's answer could not be understood."))
    if account != channel.remote_account_id:
        return Tried(word, is_well=False, note=_("It is another account than the channel's."))
    return Tried(word, is_well=True, note=channel.handle)


def _admit(
    workspace: Workspace, kind: str, channel: Channel | None, connected: Connected, by: Actor
) -> Channel:
    """Keep a log-in; an account that is connected already has simply logged in again."""
    standing = Channel.objects.filter(
        kind=kind, remote_account_id=connected.remote_account_id, status__in=CONNECTED
    )
    channel = channel or standing.first()
    if channel is not None:
        return admit_again(channel=channel, connected=connected, by=by)
    return admit_account(workspace=workspace, kind=kind, name="", connected=connected, by=by)
