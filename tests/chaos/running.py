"""One chaos run on the test's own database, broker and networks: generate, break, wait, record."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, connection

from activity.models import Entry
from activity.services.sealing import seal_everything, verify
from calendar_app.models import RevisionVariant
from calendar_app.rendering import hash_entries
from core.clock import now
from publishing.models import Attempt, Delivery
from publishing.services.holds import start_hold
from teams.actors import Actor
from teams.models import Workspace
from teams.tenancy import workspace_scope
from tests.chaos.checking import FINAL
from tests.chaos.history import Call, History, Live, Row
from tests.chaos.nemesis import Nemesis
from tests.factories.deliveries import allow_policy, fake_channel, plan_many
from tests.support.fakenet import FakeNet
from tests.support.workers import Fleet

CLASSES = "KDSFN"
HELD = "H"
"""What goes to a channel that is paused throughout: one in fifty of all."""
PER_SECOND = 10
"""A third of what a busy machine of two cores delivers, so that lateness is what the faults cost, not a queue."""
CHUNK = 40
AHEAD_SECONDS = 6
BOUND_SECONDS = 75.0
SETTLING_SECONDS = 45.0
ACTIONS = {
    "ok": 66,
    "before": 5,
    "after": 5,
    "drop": 5,
    "drop_after": 5,
    "limit:1": 4,
    "slow:1": 2,
    "slow:3": 2,
    "silent:1": 1,
    "odd": 2,
    "empty": 1,
    "error_body": 1,
    "refuse": 1,
}


@dataclass
class Tenant:
    """A workspace with a network of its own and a channel of each class on it."""

    workspace: Workspace
    net: FakeNet
    channels: dict[str, object] = field(default_factory=dict)


@dataclass
class Plan:
    """How large a run is."""

    deliveries: int
    faults: int
    seed: int

    @property
    def seconds(self) -> float:
        """Return how long deliveries fall due."""
        return self.deliveries / PER_SECOND


@contextmanager
def networks(workspaces: list[Workspace]) -> Iterator[list[Tenant]]:
    """Give each workspace its network and its channels."""
    tenants = [Tenant(workspace, FakeNet().serve()) for workspace in workspaces]
    try:
        for tenant in tenants:
            allow_policy(tenant.workspace)
            with workspace_scope(tenant.workspace.pk):
                for each in CLASSES:
                    tenant.channels[each] = fake_channel(tenant.workspace, each, tenant.net.url)
                held = fake_channel(tenant.workspace, "D", tenant.net.url)
                tenant.channels[HELD] = held
                start_hold(
                    workspace=tenant.workspace,
                    text="held throughout",
                    by=Actor.system(tenant.workspace.pk),
                    channel=held,
                )
        yield tenants
    finally:
        for tenant in tenants:
            tenant.net.close()


def run(plan: Plan, workspaces: list[Workspace], folder: Path, say: Callable[[str], None]) -> History:
    """Make one run and return its history."""
    fleet = Fleet(folder)
    told: Counter[str] = Counter()
    with networks(workspaces) as tenants:
        try:
            for kind in ("worker", "threads", "dispatcher", "dispatcher"):
                fleet.start(kind)
            fleet.wait_for(lambda: _count_beats() >= len(fleet.members), 180, "everybody works")
            nemesis = Nemesis(
                fleet, faults=plan.faults, every_seconds=plan.seconds / max(1, plan.faults), seed=plan.seed
            )
            nemesis.start()
            generate(plan, tenants, fleet, told, say)
            fleet.wait_for(nemesis.has_finished.is_set, 600 + plan.seconds, "the nemesis has done its work")
            say("no more faults; waiting for the last deliveries")
            fleet.wait_for(lambda: _patiently(lambda: _open(tenants) == 0), 300, "all are final")
        except AssertionError as late:
            say(f"not everything came to its end: {str(late)[:200]}")
        finally:
            fleet.stop()
        history = record(plan, tenants)
    history.faults = {**nemesis.done, **{f"network: {name}": n for name, n in told.items() if name != "ok"}}
    for words in nemesis.failures:
        say(f"a fault that did not happen: {words}")
    return history


def generate(
    plan: Plan, tenants: list[Tenant], fleet: Fleet, told: Counter[str], say: Callable[[str], None]
) -> None:
    """Plan deliveries a few seconds ahead of their time; what each call meets with is the seed's choice."""
    chance = random.Random(f"generator-{plan.seed}")
    began = time.monotonic()
    for first in range(0, plan.deliveries, CHUNK):
        texts = []
        for number in range(first, min(first + CHUNK, plan.deliveries)):
            text = f"{chance.choice(CLASSES) if number % 50 else HELD}-{number}"
            actions = chance.choices(list(ACTIONS), list(ACTIONS.values()), k=2)
            tenant = tenants[number % len(tenants)]
            tenant.net.tell(text, *actions)
            told.update(action.partition(":")[0] for action in actions[:1])
            if text[0] == "F" and chance.random() < 0.1:
                tenant.net.hide(text, 1)
            texts.append(text)
        due = began + first / PER_SECOND
        fleet.wait_for(lambda due=due: time.monotonic() >= due, plan.seconds + 60, "its turn")
        fleet.wait_for(
            lambda texts=texts: _patiently(lambda: _plan(tenants, texts)), 120, "the database takes the plan"
        )
        if first % (CHUNK * 10) == 0:
            say(f"{first} of {plan.deliveries} deliveries planned")


def record(plan: Plan, tenants: list[Tenant]) -> History:
    """Write down what ledger and networks say now."""
    history = History(plan.seed, BOUND_SECONDS, SETTLING_SECONDS)
    connection.close()
    seal_everything()
    for tenant in tenants:
        slug = tenant.workspace.slug
        with workspace_scope(tenant.workspace.pk):
            history.rows += list(_rows(slug))
        history.calls += [Call(call.text, slug, call.at, call.action) for call in tenant.net.calls]
        history.live += [Live(item["id"], item["text"], slug) for item in tenant.net.live.values()]
        history.seal_breaks += [f"{slug}: {finding}" for finding in verify(tenant.workspace.pk)]
    return history


def _rows(slug: str) -> Iterator[Row]:
    outcomes: dict[object, list[str]] = {}
    for delivery_id, outcome in Attempt.objects.order_by("number").values_list("delivery_id", "outcome"):
        outcomes.setdefault(delivery_id, []).append(outcome)
    told = Entry.objects.filter(verb="publishing.delivery.published").values_list("facts", flat=True)
    entries = Counter(facts["delivery"] for facts in told)
    payloads = {
        revision: (str(channel), payload)
        for revision, channel, payload in RevisionVariant.objects.values_list(
            "revision_id", "channel_id", "payload"
        )
    }
    for row in Delivery.objects.select_related("post", "channel").order_by("pk"):
        channel, payload = payloads[row.revision_id]
        approved = hash_entries([{"channel": channel, "kind": row.channel.kind, "payload": payload}])
        yield Row(
            text=row.post.title,
            tenant=slug,
            capability=row.channel.capability,
            state=row.state,
            reason=row.reason,
            scheduled_at=row.scheduled_at.timestamp(),
            published_at=row.published_at.timestamp() if row.published_at else None,
            remote_id=row.remote_id,
            is_intact=approved == row.content_hash and payload["text"] == row.post.title,
            outcomes=outcomes.get(row.pk, []),
            entries=entries[str(row.pk)],
            is_held=row.post.title.startswith(HELD),
        )


def _plan(tenants: list[Tenant], texts: list[str]) -> bool:
    """Plan the texts; what a broken connection kept from being planned is planned by the next call."""
    at = now() + timedelta(seconds=AHEAD_SECONDS)
    for index, tenant in enumerate(tenants):
        with workspace_scope(tenant.workspace.pk):
            own = [text for text in texts if int(text[2:]) % len(tenants) == index]
            known = set(Delivery.objects.filter(post__title__in=own).values_list("post__title", flat=True))
            for each in tenant.channels:
                missing = [text for text in own if text[0] == each and text not in known]
                for _ in plan_many(tenant.workspace, [tenant.channels[each]], missing, at=at):
                    pass
    return True


def _open(tenants: list[Tenant]) -> int:
    left = 0
    for tenant in tenants:
        with workspace_scope(tenant.workspace.pk):
            left += Delivery.objects.exclude(state__in=FINAL).exclude(channel=tenant.channels[HELD]).count()
    return left


def _count_beats() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM publishing_heartbeat WHERE kind IN ('worker', 'dispatcher')")
        return int(cursor.fetchone()[0])


def _patiently(ask: Callable[[], bool]) -> bool:
    """Ask; a connection that the nemesis has cut is opened anew next time."""
    try:
        return ask()
    except DatabaseError:
        connection.close()
        return False
