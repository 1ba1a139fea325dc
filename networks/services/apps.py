"""The apps that a workspace registered at networks: who it is to them when people log in."""

from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid
from core.record import record
from core.refs import Ref
from networks.models import NetworkApp
from networks.oauth.servers import App, logins
from networks.permissions import CONNECT
from networks.services.credentials import open_value, seal_value
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require

FIELD = "client_secret"
ID_MAX, SECRET_MAX = 255, 2000


def store_app(*, workspace: Workspace, kind: str, client_id: str, secret: str, by: Actor) -> NetworkApp:
    """Keep what the workspace is to a network; an empty secret leaves the one that stands with the same client id.

    Channels that another app let in have to log in again when their token ends: a network takes a refresh token
    from the app only that it gave it to.
    Raises: NotAllowed, Invalid with a sentence per field. Records: networks.networkapp.configured.
    """
    require(by, CONNECT)
    login = logins.find(kind)
    if login is None:
        raise Invalid(_("Nobody logs in to this network with an app."))
    client_id, secret = client_id.strip(), secret.strip()
    standing = NetworkApp.objects.filter(kind=kind).first()
    is_kept = not secret and standing is not None and standing.client_id == client_id
    wrong = {}
    if not 1 <= len(client_id) <= ID_MAX or not client_id.isascii():
        wrong["client_id"] = [_("Give the client ID as the network shows it.")]
    if len(secret) > SECRET_MAX or not secret.isascii():
        wrong["secret"] = [_("Give the secret as the network shows it.")]
    if not secret and not is_kept and not login.server.is_secret_optional:
        wrong["secret"] = [_("This is needed.")]
    if wrong:
        raise Invalid(_("The app could not be saved."), fields=wrong)
    found = standing or NetworkApp(workspace=workspace, kind=kind)
    found.client_id, found.changed_by, found.changed_at = client_id, by.member, now()
    if not is_kept:
        found.sealed = seal_value(workspace_id=workspace.pk, owner=_owner(kind), field=FIELD, value=secret)
    found.save()
    record("networks.networkapp.configured", by=by, subject=Ref("networks.networkapp", found.pk), kind=kind)
    return found


def app_of(kind: str) -> App | None:
    """Return the workspace's app at a network, opened; never log, store or show what this gives."""
    found = NetworkApp.objects.filter(kind=kind).first()
    if found is None:
        return None
    secret = open_value(
        workspace_id=found.workspace_id, owner=_owner(kind), field=FIELD, sealed=bytes(found.sealed)
    )
    return App(found.client_id, secret)


def open_app(kind: str) -> dict[str, str]:
    """Return the workspace's app at a network as a call holds it; empty where there is none."""
    app = app_of(kind)
    return {"client_id": app.client_id, FIELD: app.secret} if app else {}


def _owner(kind: str) -> str:
    return f"app:{kind}"
