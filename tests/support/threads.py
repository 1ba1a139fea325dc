"""Bodies that run at the same moment, each with a connection of its own."""

import threading
from collections.abc import Callable
from contextlib import nullcontext

from django.db import connection

from core.errors import CollabError
from teams.tenancy import workspace_scope


def at_once(workspace_id, *bodies: Callable[[], object]) -> list[object]:
    """Run the bodies in threads that start together; return what each gave or the refusal it met.

    Each is one transaction of the workspace; with None for the workspace, each opens its own as a process does.
    """
    gate = threading.Barrier(len(bodies))
    outcomes: list[object] = [None] * len(bodies)

    def run(index: int, body: Callable[[], object]) -> None:
        try:
            gate.wait(timeout=20)
            with workspace_scope(workspace_id) if workspace_id else nullcontext():
                outcomes[index] = body()
        except CollabError as refusal:
            outcomes[index] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes
