"""The engine's numbers as Prometheus reads them, named by the rules and the dashboard in deploy."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import redis
from django.conf import settings
from kombu.connection import Connection
from kombu.exceptions import ChannelError, KombuError

from networks.states import Trouble
from publishing import ledger
from publishing.states import FINAL, DeliveryState

CLAIM_LEASES, CALL_LEASES = "claim_leases", "call_leases"
"""Names of tallies: claims that nobody carried out, and calls whose worker was lost."""
QUEUES = ("publish", "media", "default")
STATES = tuple(str(state) for state in DeliveryState if state not in FINAL)
TROUBLES = ("none", *(str(trouble) for trouble in Trouble if trouble))
BROKER_SECONDS = 1.0


def exposition(found: Mapping[str, object]) -> str:
    """Return all numbers in Prometheus' text format; `found` is what /healthz answers."""
    age = found["scan_age_seconds"]
    lines = [
        *_metric("collab_up", "Whether all parts are alive.", int(found["status"] == "ok")),
        *_metric("collab_database_up", "Whether the database answers.", int(found["database"] == "ok")),
        *_metric("collab_writes_up", "Whether changes can be saved.", int(found["writes"] == "ok")),
        *_metric(
            "collab_storage_up", "Whether the disk of the media has room.", int(found["storage"] == "ok")
        ),
        *_metric("collab_broker_up", "Whether the broker answers.", int(found["broker"] == "ok")),
        *_metric(
            "collab_publish_workers", "Workers of the publish queue that beat lately.", found["workers"]
        ),
        *_metric(
            "collab_due_scan_age_seconds", "Time since the last due scan.", "NaN" if age is None else age
        ),
        *(_of_ledger() if found["database"] == "ok" else ()),
        *(_of_broker() if found["broker"] == "ok" else ()),
    ]
    return "\n".join(lines) + "\n"


def _of_ledger() -> list[str]:
    scheduled, claimed = ledger.overdue()
    channels, counted = ledger.channel_health(), ledger.tallies()
    ends = [seconds for _trouble, _n, seconds in channels if not isnan(seconds)]
    return [
        *_metric(
            "collab_overdue_scheduled_seconds",
            "Age of the oldest due delivery nobody has.",
            round(scheduled, 3),
        ),
        *_metric(
            "collab_overdue_claimed_seconds", "Age of the oldest due delivery in a claim.", round(claimed, 3)
        ),
        *_labelled(
            "collab_deliveries",
            "Deliveries that are not final, by state.",
            "state",
            dict.fromkeys(STATES, 0) | ledger.counts(),
        ),
        *_labelled(
            "collab_channels",
            "Connected channels, by what is wrong with them.",
            "trouble",
            dict.fromkeys(TROUBLES, 0) | {trouble: n for trouble, n, _seconds in channels},
        ),
        *_metric(
            "collab_channel_login_ends_seconds",
            "Time until the first log-in of a channel ends.",
            round(min(ends)) if ends else "NaN",
        ),
        *_labelled(
            "collab_lease_expiries_total",
            "Leases that ran out: claims nobody carried out, and calls whose worker was lost.",
            "kind",
            {"claim": counted.get(CLAIM_LEASES, 0), "call": counted.get(CALL_LEASES, 0)},
            kind="counter",
        ),
    ]


def _of_broker() -> list[str]:
    depths = {queue: depth for queue, depth in _depths().items() if depth is not None}
    return _labelled("collab_queue_depth", "Messages that wait for a worker, by queue.", "queue", depths)


def _depths() -> dict[str, int | None]:
    """Return how many messages wait in each queue; one that holds none does not exist in the broker."""
    options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
    }
    link = Connection(settings.CELERY_BROKER_URL, transport_options=options)  # type: ignore[no-untyped-call]  # kombu has no types
    with link:
        return {queue: _depth(link, queue) for queue in QUEUES}


def _depth(link: Any, queue: str) -> int | None:
    try:
        return int(link.default_channel.queue_declare(queue, passive=True).message_count)
    except ChannelError:
        return 0
    except (redis.RedisError, KombuError, OSError):
        return None


def _metric(name: str, words: str, value: object) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} gauge", f"{name} {value}"]


def _labelled(
    name: str, words: str, label: str, values: Mapping[str, object], kind: str = "gauge"
) -> list[str]:
    head = [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
    return head + [f'{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items())]
