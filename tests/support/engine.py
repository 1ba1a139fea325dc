"""The engine's processes as tests start them: the product's own, with fake networks, short times and crash points.

    celery -A tests.support.engine worker …        python -m tests.support.engine dispatcher

COLLAB_TEST_TIMES=product keeps the product's own times.
A crash point is a file in COLLAB_TEST_FAULTS named after it: whoever reaches the point first removes the file and
kills his whole process group with SIGKILL, as a machine that loses its power.
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
from publishing.services import confirming, heartbeats, intents, lanes  # noqa: E402  # models need Django
from tests.fakes.fake_networks import register_fakes  # noqa: E402  # after the times were set

heartbeats.BEAT_SECONDS = 1.0
heartbeats.ALIVE_SECONDS = 4
heartbeats.DEAF_SECONDS = float(os.environ.get("COLLAB_TEST_DEAF", heartbeats.DEAF_SECONDS))
lanes.ASK_FOR_WORKERS_EVERY = 1.0
lanes.TRY_BROKER_EVERY = 1.0


def crash_at(point: str) -> None:
    """Die here if the harness has asked for it and nobody died of it yet."""
    folder = os.environ.get("COLLAB_TEST_FAULTS")
    if not folder:
        return
    try:
        Path(folder, point).unlink()
    except FileNotFoundError:
        return
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _around(module: Any, name: str, *, before: str, after: str) -> None:
    original: Callable[..., Any] = getattr(module, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        crash_at(before)
        answer = original(*args, **kwargs)
        crash_at(after)
        return answer

    setattr(module, name, wrapped)


register_fakes()
_around(intents, "write_intent", before="before_intent", after="after_intent")
_around(confirming, "confirm", before="after_answer", after="after_confirm")

if __name__ == "__main__":
    from django.core.management import call_command

    call_command(sys.argv[1])

__all__ = ["app"]
