"""The engine's processes as tests start them: the product's own, with fake networks, short times and crash points.

    celery -A tests.support.engine worker …        python -m tests.support.engine dispatcher

COLLAB_TEST_TIMES=product keeps the product's own times.
A crash point is a file in COLLAB_TEST_FAULTS named after it: whoever reaches the point first removes the file and
kills his whole process group with SIGKILL, as a machine that loses its power. `after_intent@K` kills only the process
that comes there with a delivery of class K; `stop-before_call@K` freezes it there (SIGSTOP) and leaves `frozen-<pid>`.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collab.settings")

from publishing import timing  # before anything reads the times from it

if os.environ.get("COLLAB_TEST_TIMES", "short") == "short":
    timing.CLAIM_LEASE = 3
    timing.CALL_MARGIN = 2.0
    timing.LOOK_AGAIN = 1.0
    timing.SETTLE_LEASE = 6
    timing.RESCUE_AFTER = 1

import django

django.setup()

from collab.celery import app  # noqa: E402  # what `celery -A` looks for, once Django is set up
from networks.adapters import adapters  # noqa: E402
from networks.mastodon import adapter as mastodon  # noqa: E402
from publishing.services import confirming, heartbeats, intents, lanes  # noqa: E402  # models need Django
from tests.fakes.fake_networks import FakeAdapter, register_fakes  # noqa: E402  # after the times were set

heartbeats.BEAT_SECONDS = 1.0
heartbeats.ALIVE_SECONDS = 4
heartbeats.DEAF_SECONDS = float(os.environ.get("COLLAB_TEST_DEAF", heartbeats.DEAF_SECONDS))
lanes.ASK_FOR_WORKERS_EVERY = 1.0
lanes.TRY_BROKER_EVERY = 1.0


def crash_at(point: str, capability: str = "") -> None:
    """Die or freeze here if the harness has asked for it and nobody did so yet."""
    folder = Path(os.environ.get("COLLAB_TEST_FAULTS", "/nonexistent"))
    if _taken(folder / point):
        os.killpg(os.getpgid(0), signal.SIGKILL)
    if _taken(folder / f"{point}@{capability}"):
        os.kill(os.getpid(), signal.SIGKILL)
    if _taken(folder / f"stop-{point}@{capability}"):
        (folder / f"frozen-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGSTOP)


def _taken(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _around(module: Any, name: str, *, before: str, after: str) -> None:
    original: Callable[..., Any] = getattr(module, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        capability = kwargs["delivery"].channel.capability
        crash_at(before, capability)
        answer = original(*args, **kwargs)
        crash_at(after, capability)
        return answer

    setattr(module, name, wrapped)


def _publish(self: FakeAdapter, *args: Any, **keys: Any) -> Any:
    crash_at("before_call", self.capability)
    return _plain_publish(self, *args, **keys)


_plain_publish = FakeAdapter.publish
FakeAdapter.publish = _publish  # type: ignore[method-assign]  # the moment before the first byte
register_fakes()
if os.environ.get("COLLAB_TEST_TIMES", "short") == "short":
    mastodon.READ_SECONDS = 2.0
    for kind in ("bluesky", "mastodon", "webhook"):
        quick: Any = adapters.get(kind)
        quick.call_seconds, quick.settle_seconds = 6.0, 1.0
_around(intents, "write_intent", before="before_intent", after="after_intent")
_around(confirming, "confirm", before="after_answer", after="after_confirm")

if __name__ == "__main__":
    from django.core.management import call_command

    call_command(sys.argv[1])

__all__ = ["app"]
