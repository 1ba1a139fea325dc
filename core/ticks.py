"""Regular work of the dispatcher: each app registers what it does and how often."""

from collections.abc import Callable
from dataclasses import dataclass

from core.registry import Registry


@dataclass(frozen=True, slots=True)
class Ticker:
    """A body to run again and again; returns how much it did, so that a full batch is followed at once."""

    body: Callable[[], int]
    every_seconds: float


tickers: Registry[Ticker] = Registry("core.ticks.tickers")
