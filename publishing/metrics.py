"""The engine's numbers as Prometheus reads them; deploy/alerts.yml and deploy/dashboard.json name them."""

from collections.abc import Mapping
from math import isnan

from publishing import ledger


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
    ]
    return "\n".join(lines) + "\n"


def _of_ledger() -> list[str]:
    scheduled, claimed = ledger.overdue()
    channels = ledger.channel_health()
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
        *_labelled("collab_deliveries", "Deliveries that are not final, by state.", "state", ledger.counts()),
        *_labelled(
            "collab_channels",
            "Connected channels, by what is wrong with them.",
            "trouble",
            {trouble: n for trouble, n, _seconds in channels},
        ),
        *_metric(
            "collab_channel_login_ends_seconds",
            "Time until the first log-in of a channel ends.",
            round(min(ends)) if ends else "NaN",
        ),
    ]


def _metric(name: str, words: str, value: object) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} gauge", f"{name} {value}"]


def _labelled(name: str, words: str, label: str, values: Mapping[str, object]) -> list[str]:
    head = [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
    return head + [f'{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items())]
