"""Is it alive: answers for load balancers, people and Prometheus, about all that publishing needs."""

import hmac
import shutil
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError

from publishing.metrics import exposition
from publishing.services import heartbeats
from teams.gates import public

SCAN_AGE_LIMIT = 10.0
BROKER_SECONDS = 1.0
LOW_BYTES = 48 * 1024 * 1024
OK, DOWN = "ok", "down"
LOOPBACK = ("", "127.0.0.1", "::1")
"""Where our own proxy is; it names the real caller in the last entry of X-Forwarded-For."""


@public("GET")
def healthz(request: HttpRequest) -> HttpResponse:
    """Say whether database, broker, workers and due scan are alive; 503 when one of them is not."""
    found = health()
    response = JsonResponse(found, status=200 if found["status"] == OK else 503)
    response["Cache-Control"] = "no-store"
    return response


@public("GET")
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can answer pages: it reaches its database."""
    is_ready = _works(_ask_database)
    response = JsonResponse({"status": OK if is_ready else DOWN}, status=200 if is_ready else 503)
    response["Cache-Control"] = "no-store"
    return response


@public("GET")
def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus the engine's numbers, to callers on this machine or with the token."""
    if not _may_measure(request):
        return HttpResponse(status=404)
    return HttpResponse(exposition(health()), content_type="text/plain; version=0.0.4; charset=utf-8")


class HealthMiddleware:
    """Answers the three addresses before a transaction is begun, so that a database that is away can be told."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a question about health, else pass the request on."""
        view = ADDRESSES.get(request.path_info)
        return view(request) if view else self.get_response(request)


ADDRESSES = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


def health() -> dict[str, object]:
    """Return what stands in the answer of /healthz."""
    database = _works(_ask_database)
    broker = _works(_ask_broker)
    workers = heartbeats.live_count(heartbeats.WORKER) if database else 0
    age = heartbeats.scan_age_seconds() if database else None
    is_scanning = age is not None and age <= SCAN_AGE_LIMIT
    saves = database and _works(_ask_for_changes)
    has_room = (saves or not database) and _has_room()
    return {
        "status": OK if saves and has_room and broker and workers and is_scanning else DOWN,
        "database": OK if database else DOWN,
        "writes": OK if saves else "refused",
        "storage": OK if has_room else "full",
        "broker": OK if broker else DOWN,
        "workers": workers,
        "scan_age_seconds": None if age is None else round(age, 3),
    }


def _may_measure(request: HttpRequest) -> bool:
    token = getattr(settings, "METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    peer = request.META.get("REMOTE_ADDR", "")
    if peer not in LOOPBACK:
        return False
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded in LOOPBACK


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (DatabaseError, redis.RedisError, KombuError, BrokerError, OSError):
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_for_changes() -> None:
    """Raise when the database refuses changes: one that runs out of disk is told to."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone() != ("off",):
            raise DatabaseError("changes are refused")


def _has_room() -> bool:
    """Tell whether the disk that holds pictures and videos has room."""
    folder = next(path for path in (settings.MEDIA_ROOT, *settings.MEDIA_ROOT.parents) if path.exists())
    return shutil.disk_usage(folder).free >= LOW_BYTES


def _ask_broker() -> None:
    options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
    }
    link = Connection(settings.CELERY_BROKER_URL, transport_options=options)  # type: ignore[no-untyped-call]  # kombu has no types
    with link:
        link.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)  # type: ignore[no-untyped-call]  # as above
