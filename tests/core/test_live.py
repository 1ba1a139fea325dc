"""Nudges: sent after the commit, alone or together with others of the same moment."""

import json
import threading
import time

import pytest
import redis
from django.conf import settings
from django.db import transaction

from core import live
from core.ids import uuid7
from core.refs import Ref

pytestmark = pytest.mark.services


@pytest.mark.django_db(transaction=True)
def test_what_is_gathered_arrives_in_order_while_the_block_still_waits():
    workspace, other = uuid7(), uuid7()
    with redis.Redis.from_url(settings.LIVE_URL) as broker, broker.pubsub() as heard:
        heard.subscribe(live.channel_of(workspace), live.channel_of(other))
        assert [heard.get_message(timeout=5)["type"] for _ in range(2)] == ["subscribe"] * 2
        arrived: list[tuple[str, str]] = []

        def listen() -> None:
            until = time.monotonic() + 10
            while len(arrived) < 4 and time.monotonic() < until:
                message = heard.get_message(ignore_subscribe_messages=True, timeout=1)
                if message:
                    arrived.append(
                        (message["channel"].decode(), json.loads(message["data"])["verb"]),
                    )

        with live.gathered():
            for verb, of in (("a", workspace), ("b", other), ("c", workspace)):
                with transaction.atomic():
                    live.publish(of, Ref("tests.thing", uuid7()), verb)
            with transaction.atomic():
                live.publish(workspace, Ref("tests.thing", uuid7()), "d")
            listener = threading.Thread(target=listen)
            listener.start()
            listener.join(12)

        assert [verb for channel, verb in arrived if channel.endswith(str(workspace))] == ["a", "c", "d"]
        assert [verb for channel, verb in arrived if channel.endswith(str(other))] == ["b"]
        kept = [
            json.loads(json.loads(item)[1])["verb"] for item in broker.lrange(live.recent_of(workspace), 0, 9)
        ]
        assert kept == ["d", "c", "a"]
        assert 0 < broker.ttl(live.recent_of(workspace)) <= live.RECENT_SECONDS
