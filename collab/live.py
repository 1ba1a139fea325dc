"""`/live/<workspace>/`: server-sent events for the members of a workspace.

A plain ASGI application: rights are checked when the stream opens, before a change of members is passed on, and
every 30 s, so that a removed member is cut off at once and an ended session soon; streams hold no database
connection and no transaction.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from uuid import UUID

import redis.asyncio as redis
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, transaction

from core.clock import now
from core.live import RECENT_SECONDS, channel_of, recent_of
from teams.identities import session_membership
from teams.proofs import ProviderRequired, SecondStepRequired, require_provider, require_second_step

log = structlog.get_logger(__name__)
CHECK_SECONDS = 30
PING_SECONDS = 15
RIGHTS = ("teams.member.", "teams.workspace.")
"""What can end somebody's right to listen: looked at before it is passed on."""

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    parts = scope.get("path", "").strip("/").split("/")
    if scope["type"] != "http" or len(parts) != 2 or parts[0] != "live":
        await _refuse(send, 404)
        return
    cookie = _session_cookie(scope)
    workspace_id = await workspace_of(cookie, parts[1]) if cookie else None
    if workspace_id is None:
        await _refuse(send, 403)
        return
    await _stream(workspace_id, cookie or "", parts[1], receive, send)


@sync_to_async
def workspace_of(session_key: str, slug: str) -> UUID | None:
    """Return the workspace where the session opens a membership of it now."""
    try:
        session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        with transaction.atomic():
            member, vouch = session_membership(session, slug)
            if member is None:
                return None
            require_provider(member, vouch)
            require_second_step(member, session, vouch)
            return member.workspace_id
    except (ProviderRequired, SecondStepRequired):
        return None
    finally:
        connection.close()


async def _stream(workspace_id: UUID, cookie: str, slug: str, receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.create_task(_until_gone(receive))
    try:
        async with redis.Redis.from_url(settings.LIVE_URL) as client, client.pubsub() as pubsub:
            await pubsub.subscribe(channel_of(workspace_id))
            await _event(send, "ready", {})
            await _catch_up(client, workspace_id, send)
            await _relay(pubsub, gone, cookie, slug, send)
    except (redis.RedisError, OSError) as error:
        log.info("live_broken", error=type(error).__name__)
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _catch_up(client: Any, workspace_id: UUID, send: Send) -> None:
    """Send what changed in the last seconds, since the page was rendered before its stream was open."""
    since = now().timestamp() - RECENT_SECONDS
    kept = [json.loads(entry) for entry in await client.lrange(recent_of(workspace_id), 0, -1)]
    for at, message in reversed(kept):
        if at >= since:
            await _event(send, "changed", json.loads(message))


async def _relay(pubsub: Any, gone: "asyncio.Task[None]", cookie: str, slug: str, send: Send) -> None:
    loop = asyncio.get_running_loop()
    checked = pinged = loop.time()
    while not gone.done():
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1.0)
        if message is not None:
            content = json.loads(message["data"])
            if content["verb"].startswith(RIGHTS) and await workspace_of(cookie, slug) is None:
                return
            await _event(send, "changed", content)
        if loop.time() - pinged > PING_SECONDS:
            pinged = loop.time()
            await send({"type": "http.response.body", "body": b": ping\n\n", "more_body": True})
        if loop.time() - checked > CHECK_SECONDS:
            checked = loop.time()
            if await workspace_of(cookie, slug) is None:
                return


async def _event(send: Send, name: str, content: dict[str, Any]) -> None:
    body = f"event: {name}\ndata: {json.dumps(content)}\n\n".encode()
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _session_cookie(scope: dict[str, Any]) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return None
            return morsel.value if morsel else None
    return None


async def _refuse(send: Send, status: int) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
    )
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
