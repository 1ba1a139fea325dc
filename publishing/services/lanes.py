"""How claims reach those who carry them out: by message to the workers, or by the dispatcher's own rescue lane."""

import queue
import threading
import time
from collections.abc import Callable, Sequence

import structlog
from django.db import connection

from core import jobs
from publishing import ledger
from publishing.ledger import Claim
from publishing.services import heartbeats
from publishing.services.delivering import deliver
from publishing.services.settling import settle_unknown
from publishing.timing import BATCH

log = structlog.get_logger(__name__)

DELIVER = "publishing.deliver"
PREPARE = "publishing.prepare"
SETTLE = "publishing.settle"
TRY_BROKER_EVERY = 3.0
ASK_FOR_WORKERS_EVERY = 2.0
RESCUE_THREADS = 4
LOOK_FAR_EVERY = 0.25
LINGER_SECONDS = 0.25
POLL_SECONDS = 0.02
WATCH_SECONDS = 30.0

Work = Callable[[], object]


class RescueLane:
    """A few threads that deliver what the workers cannot be told of; it takes no more than it can begin at once."""

    def __init__(self, threads: int = RESCUE_THREADS) -> None:
        self._size = threads
        self._waiting: queue.Queue[Work] = queue.Queue()
        self._lock = threading.Lock()
        self._busy = 0
        self._started = False

    def free(self) -> int:
        """Return how many pieces of work can be begun now."""
        return self._size - self._busy

    def put(self, work: Work) -> None:
        """Hand over a piece of work."""
        with self._lock:
            self._busy += 1
            if not self._started:
                self._started = True
                for number in range(self._size):
                    threading.Thread(target=self._run, name=f"rescue-{number}", daemon=True).start()
        self._waiting.put(work)

    def _run(self) -> None:
        while True:
            work = self._waiting.get()
            try:
                work()
            except Exception:  # the lane outlives whatever one delivery trips over; its lease ends by itself
                log.exception("rescue_failed")
                connection.close()
            finally:
                with self._lock:
                    self._busy -= 1


class Lanes:
    """Chooses the lane: messages while broker and workers live, else the rescue lane."""

    def __init__(self, rescue: RescueLane) -> None:
        self.rescue = rescue
        self._broker_failed_at = float("-inf")
        self._asked_at = float("-inf")
        self._slots = 0
        self._looked_far_at = float("-inf")
        self._last_claim_at = float("-inf")

    @property
    def is_rescuing(self) -> bool:
        """Tell whether messages reach nobody at the moment."""
        broker_is_away = time.monotonic() - self._broker_failed_at < TRY_BROKER_EVERY
        return broker_is_away or not self._workers_slots()

    def scan_due(self) -> int:
        """Claim what is due and hand it over; return how much.

        After a scan that found something it lingers and looks more often, so that a burst is carried as fast as
        the workers take it and not as fast as the clock ticks.
        """
        until = time.monotonic() + LINGER_SECONDS
        done = self._scan()
        while not done and time.monotonic() < until and time.monotonic() - self._last_claim_at < 1:
            time.sleep(POLL_SECONDS)
            done = self._scan()
        return done

    def scan_ahead(self) -> int:
        """Hand over what can be prepared before its time; with nobody to do it, it is prepared at its time."""
        return 0 if self.is_rescuing else self._send(PREPARE, ledger.claim_preparing(), lane="media")

    def settle(self) -> int:
        """Hand over the unknown outcomes that the network can be asked about now."""
        room = self.rescue.free() if self.is_rescuing else BATCH
        claims = ledger.claim_unsettled(room) if room else []
        return self._send(SETTLE, claims)

    def rescue_overdue(self) -> int:
        """While messages reach nobody, take over what lies in messages that were sent before."""
        room = self.rescue.free()
        if not self.is_rescuing or not room:
            return 0
        heartbeats.watch_for_outage(WATCH_SECONDS)
        claims = ledger.take_over(room)
        for claim in claims:
            self._carry(DELIVER, claim)
        return len(claims)

    def _scan(self) -> int:
        """Claim what fits: as many bundles as the workers can carry at once, or what the rescue lane can begin."""
        heartbeats.watch_for_outage(WATCH_SECONDS)
        is_far = time.monotonic() - self._looked_far_at > LOOK_FAR_EVERY
        if self.is_rescuing:
            room = self.rescue.free()
            claims = ledger.claim_due(room, most_in_message=1, is_far=is_far) if room else []
        else:
            claims = ledger.claim_due(slots=self._slots, is_far=is_far)
        if is_far:
            self._looked_far_at = time.monotonic()
        if claims:
            self._last_claim_at = time.monotonic()
        return self._send(DELIVER, claims)

    def _send(self, task: str, claims: Sequence[Claim], *, lane: str = "publish") -> int:
        """Send the claims as messages; from the first that the broker does not take, the rescue lane has them."""
        for bundle in ledger.bundles(claims) if task == DELIVER else [[claim] for claim in claims]:
            if self.is_rescuing or not jobs.send(task, kwargs=ledger.as_message(bundle), queue=lane):
                if not self.is_rescuing:
                    self._broker_failed_at = time.monotonic()
                for claim in bundle:
                    self._carry(task, claim)
        return len(claims)

    def _carry(self, task: str, claim: Claim) -> None:
        work = settle_unknown if task == SETTLE else deliver
        self.rescue.put(
            lambda: work(workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token)
        )

    def _workers_slots(self) -> int:
        if time.monotonic() - self._asked_at > ASK_FOR_WORKERS_EVERY:
            self._slots = heartbeats.live_slots()
            self._asked_at = time.monotonic()
        return self._slots


lanes = Lanes(RescueLane())
