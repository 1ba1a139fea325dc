"""Credentials of channels: sealed in the database, opened only for a call.

Each value is bound to its workspace, channel and field, so a row copied elsewhere does not open.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.db import IntegrityError, transaction

from core.clock import now
from core.envelope import new_data_key, open_sealed, rewrap, ring, seal
from core.record import record
from core.refs import Ref
from networks.models import Channel, ChannelSecret, WorkspaceKey
from teams.actors import Actor
from teams.tenancy import workspace_scope

Exchange = Callable[[Mapping[str, str]], Mapping[str, str]]


def store_credentials(*, channel: Channel, credentials: Mapping[str, str]) -> None:
    """Keep exactly these credentials for the channel, sealed; fields not named are forgotten."""
    wrapped = _data_key(channel.workspace_id)
    ChannelSecret.objects.filter(channel=channel).exclude(field__in=list(credentials)).delete()
    for field, value in credentials.items():
        sealed = seal(ring(), wrapped, value.encode(), _place(channel.workspace_id, channel.pk, field))
        ChannelSecret.objects.update_or_create(
            channel=channel,
            field=field,
            defaults={"sealed": sealed, "changed_at": now()},
            create_defaults={"workspace_id": channel.workspace_id, "sealed": sealed, "changed_at": now()},
        )


def open_credentials(channel: Channel) -> dict[str, str]:
    """Return the channel's credentials in the clear; never log, store or show what this gives.

    Raises: core.envelope.EnvelopeError when they were changed, moved, or the key ring lacks their key.
    """
    return _open(channel, list(ChannelSecret.objects.filter(channel=channel)))


def seal_value(*, workspace_id: UUID, owner: str, field: str, value: str) -> bytes:
    """Return a secret that belongs to no channel, sealed and bound to its workspace, owner and field."""
    return seal(ring(), _data_key(workspace_id), value.encode(), (str(workspace_id), owner, field))


def open_value(*, workspace_id: UUID, owner: str, field: str, sealed: bytes) -> str:
    """Return such a secret in the clear. Raises: core.envelope.EnvelopeError."""
    wrapped = bytes(WorkspaceKey.objects.get().wrapped)
    return open_sealed(ring(), wrapped, sealed, (str(workspace_id), owner, field)).decode()


def forget_credentials(*, channel: Channel) -> None:
    """Delete the channel's credentials."""
    ChannelSecret.objects.filter(channel=channel).delete()


def refresh_credentials(
    workspace_id: UUID, channel_id: UUID, known: Mapping[str, str], exchange: Exchange
) -> dict[str, str]:
    """Return newer credentials than `known`: another worker's, or those for which `exchange` trades them.

    The network's call runs under the lock on purpose: a refresh token is good for one exchange, and two workers
    that both try lose the session. The lock is on the channel's secrets only, which nothing but a refresh
    or a new log-in takes, and the exchange has its own short deadline.
    Locks: the channel's secrets.
    """
    with workspace_scope(workspace_id):
        channel = Channel.objects.get(pk=channel_id)
        rows = list(ChannelSecret.objects.select_for_update().filter(channel=channel).order_by("field"))
        standing = _open(channel, rows)
        if standing != dict(known):
            return standing
        refreshed = {**standing, **exchange(standing)}
        store_credentials(channel=channel, credentials=refreshed)
    return refreshed


def _open(channel: Channel, rows: list[ChannelSecret]) -> dict[str, str]:
    if not rows:
        return {}
    wrapped = bytes(WorkspaceKey.objects.get().wrapped)
    return {
        row.field: open_sealed(
            ring(), wrapped, bytes(row.sealed), _place(channel.workspace_id, channel.pk, row.field)
        ).decode()
        for row in rows
    }


def _data_key(workspace_id: UUID) -> bytes:
    """Return the workspace's wrapped data key, made on first use; of two made at once one stands."""
    found = WorkspaceKey.objects.first()
    if found is None:
        try:
            with transaction.atomic():
                found = WorkspaceKey(workspace_id=workspace_id, wrapped=new_data_key(ring()))
                found.save(force_insert=True)
        except IntegrityError:
            found = WorkspaceKey.objects.get()
    return bytes(found.wrapped)


def _place(workspace_id: UUID, channel_id: UUID, field: str) -> tuple[str, str, str]:
    return str(workspace_id), str(channel_id), field


def rewrap_key(workspace_id: UUID) -> bool:
    """Wrap a workspace's data key with the ring's current key; tell whether that changed it.

    What the data key sealed stays as it is and readable throughout, so nothing has to pause.
    Records: networks.workspacekey.rewrapped. Raises: core.envelope.EnvelopeError.
    """
    with workspace_scope(workspace_id):
        standing = WorkspaceKey.objects.first()
        if standing is None:
            return False
        wrapped = rewrap(ring(), bytes(standing.wrapped))
        if wrapped == bytes(standing.wrapped):
            return False
        rows = WorkspaceKey.objects.filter(pk=standing.pk, wrapped=standing.wrapped)
        is_changed = bool(rows.update(wrapped=wrapped, rewrapped_at=now()))
        if is_changed:
            subject = Ref("networks.workspacekey", standing.pk)
            record("networks.workspacekey.rewrapped", by=Actor.system(workspace_id), subject=subject)
        return is_changed
