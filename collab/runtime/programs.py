"""The programs of a run and how each is started."""

import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from collab.runtime.layout import Layout
from collab.runtime.process import CAP_NET_BIND_SERVICE, Launch

PROJECT = Path(__file__).resolve().parents[2]
CADDYFILE = PROJECT / "deploy" / "Caddyfile"
FIRST_OPEN_PORT = 1024
WEB_WORKERS = 2
WEB_THREADS = 4


def script(name: str) -> str:
    """Return the path of a program that the virtual environment brought."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def manage(environment: Mapping[str, str], *words: str) -> Launch:
    """Describe a management command."""
    argv = [sys.executable, str(PROJECT / "manage.py"), *words]
    return Launch(argv, env=environment, cwd=PROJECT)


def fresh_socket(home: Path, name: str) -> Path:
    """Return the path of a server's socket; granian refuses one that a killed server left."""
    path = home / "v" / f"{name}.sock"
    path.unlink(missing_ok=True)
    return path


def web(environment: Mapping[str, str], home: Path) -> Launch:
    """Describe the server of the pages."""
    argv = [
        *("--interface", "wsgi", "--uds", str(fresh_socket(home, "web"))),
        *("--workers", environment.get("COLLAB_WEB_WORKERS", str(WEB_WORKERS))),
        *("--blocking-threads", environment.get("COLLAB_WEB_THREADS", str(WEB_THREADS))),
        *("--no-ws", "--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "5", "--log-level", "warning", "collab.wsgi:application"),
    ]
    return Launch([sys.executable, "-m", "granian", *argv], env=environment, cwd=PROJECT)


def live(environment: Mapping[str, str], home: Path) -> Launch:
    """Describe the server of the event streams, which end at once when it stops."""
    argv = [
        *("--interface", "asgi", "--uds", str(fresh_socket(home, "live")), "--workers", "1"),
        *("--no-ws", "--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "2", "--log-level", "warning", "collab.asgi:application"),
    ]
    return Launch([sys.executable, "-m", "granian", *argv], env=environment, cwd=PROJECT)


def worker(environment: Mapping[str, str], queues: str, count: int, *, pool: str = "prefork") -> Launch:
    """Describe a Celery worker of some queues; publishing has one of its own, so that nothing waits in front of it.

    It mostly waits for networks, so it works in threads: a slow network takes one of many and not one of two.
    """
    name = queues.replace(",", "-")
    argv = [
        *("-A", "collab", "-q", "worker", "--queues", queues, "--pool", pool, "--concurrency", str(count)),
        *("--hostname", f"{name}@%h", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
    ]
    return Launch([sys.executable, "-m", "celery", *argv], env=environment, cwd=PROJECT)


def beat(environment: Mapping[str, str]) -> Launch:
    """Describe the Celery clock; it keeps no file, since what is due stands in rows."""
    argv = ["-A", "collab", "-q", "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile="]
    return Launch(
        [sys.executable, "-m", "celery", *argv, "--loglevel", "WARNING"], env=environment, cwd=PROJECT
    )


def caddy(environment: Mapping[str, str], layout: Layout, home: Path, *, port: int, listen: str) -> Launch:
    """Describe the one door to all of it."""
    own = {
        "COLLAB_SITE": f"http://:{port}",
        "COLLAB_LISTEN": listen,
        "COLLAB_WEB": f"unix/{home / 'v' / 'web.sock'}",
        "COLLAB_LIVE": f"unix/{home / 'v' / 'live.sock'}",
        "COLLAB_STATIC": str(layout.static),
        "XDG_DATA_HOME": str(layout.caddy),
        "XDG_CONFIG_HOME": str(layout.caddy),
    }
    argv = [script("caddy"), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    right = CAP_NET_BIND_SERVICE if port < FIRST_OPEN_PORT else None
    return Launch(argv, env={**environment, **own}, cwd=layout.caddy, capability=right)


def needed_folders(layout: Layout, home: Path) -> list[Path]:
    """Return what the programs read or write, for one that may not walk everywhere."""
    code = [Path(sys.base_prefix), Path(sys.prefix), PROJECT]
    kept = [layout.media, layout.mail, layout.static, layout.caddy, layout.valkey]
    return [*code, *kept, home]


def probe(environment: Mapping[str, str]) -> Launch:
    """Describe a program that ends well where the others will find what they need."""
    words = (
        "import os, django, granian, celery, psycopg2, collab.celery; os.listdir(os.environ['COLLAB_MEDIA'])"
    )
    return Launch([sys.executable, "-c", words], env=environment, cwd=PROJECT)
