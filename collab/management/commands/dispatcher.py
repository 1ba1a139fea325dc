"""`manage.py dispatcher`: due scans, outbox and seal, each in a thread of its own, until told to stop."""

import signal
import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import connection

from core.ticks import Ticker, tickers

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    """Run the registered tickers; any number of dispatchers may run at once."""

    help = "Runs the regular work: due scans, outbox, seal."

    def handle(self, *args: Any, **options: Any) -> None:
        """Start a thread for each ticker and wait for SIGTERM or SIGINT."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threads = [
            threading.Thread(target=run, args=(name, ticker, stop), name=name)
            for name, ticker in tickers.items()
        ]
        for thread in threads:
            thread.start()
        log.info("dispatcher_started", tickers=[thread.name for thread in threads])
        stop.wait()
        for thread in threads:
            thread.join()


def run(name: str, ticker: Ticker, stop: threading.Event) -> None:
    """Run one ticker until `stop`; an error is logged, the connection dropped, and the work tried again."""
    while not stop.is_set():
        done = 0
        try:
            done = ticker.body()
        except Exception:  # the database may be away for a while; this loop outlives it
            log.exception("tick_failed", ticker=name)
            connection.close()
        stop.wait(0 if done else ticker.every_seconds)
    connection.close()
