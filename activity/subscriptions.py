"""Subscriptions: upper apps are told of verbs after the commit, at least once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from activity.models import Entry
from core.registry import Registry

Handler = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscriber: the verbs it wants and what it does with an entry."""

    verbs: frozenset[str]
    handler: Handler


subscriptions: Registry[Subscription] = Registry("activity.subscriptions")


def subscribe(name: str, verbs: Sequence[str], handler: Handler) -> None:
    """Register a subscriber; its handler must be idempotent, since an entry may be told twice."""
    subscriptions.register(name, Subscription(frozenset(verbs), handler))


def subscribers_of(verb: str) -> list[str]:
    """Return the names of the subscribers of a verb."""
    return [name for name, subscription in subscriptions.items() if verb in subscription.verbs]
