"""Rows about pages: the request floor, the month, lists, row-level security, bytes."""

import gc
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg2

from bench.harness import Figure, compare, count, interleave
from bench.serving import CONNECTIONS, REQUESTS, asker, server
from bench.site import browser, compressed, is_frame, statements, switch

SIX = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MONTH_FIRST_BYTES = 60 * 1024
FLOOR_ROUNDS = 25


def wsgi(path: str, cookie: str = "", middleware: list[str] | None = None) -> Callable[[], bytes]:
    """Return a body that asks `path` of a WSGI handler of its own, without any client around it."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    if middleware is None:
        handler = WSGIHandler()
    else:
        with override_settings(MIDDLEWARE=middleware):
            handler = WSGIHandler()

    def ask() -> bytes:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path.partition("?")[0],
            "QUERY_STRING": path.partition("?")[2],
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_COOKIE": cookie,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
        status: list[str] = []
        response = handler(environ, lambda line, _headers: status.append(line))
        body = b"".join(response)
        response.close()
        assert status[0].startswith("200"), (path, status)
        return body

    return ask


def cookie_of(member: Any) -> str:
    """Return the session cookie of a member who has just logged in."""
    from django.conf import settings

    client = browser(member)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def floor(member: Any, environment: Mapping[str, str]) -> list[Figure]:
    """Row 6: an authenticated request that does nothing, beside Django with six middlewares and one query.

    Both are served by granian with one worker over kept connections, in turns. `environment` names the database.
    """
    path = f"/w/{member.workspace.slug}/bench-floor/"
    cookie = cookie_of(member)
    with server("floor", environment) as ours_at, server("plain", environment) as plain_at:
        bodies = {"ours": asker(ours_at, path, cookie), "limit": asker(plain_at, "/bench-plain/", cookie)}
        times = interleave(bodies, rounds=FLOOR_ROUNDS)
    of_one = {name: [seconds / REQUESTS / CONNECTIONS for seconds in found] for name, found in times.items()}
    with statements() as found:
        wsgi(path, cookie)()
    working = [sql for sql in found if not is_frame(sql)]
    time_figure = compare(
        "6 request floor",
        of_one,
        target="≤ 2.5 × (40 % of the limit's rate)",
        holds=lambda _ms, ratio: ratio <= 2.5,
    )
    return [time_figure, count("6 request floor: statements", len(working), unit="statements", most=2)]


def month(member: Any, path: str, admin_dsn: str, first: str, last: str) -> list[Figure]:
    """Row 1: the month at 100,000 posts, 3,000 of them in it, beside the bare SQL and its JSON."""
    ours = wsgi(path, cookie_of(member))
    link = psycopg2.connect(admin_dsn)

    def limit() -> str:
        with link.cursor() as cursor:
            cursor.execute(_BARE_MONTH, [str(member.workspace_id), first, last])
            return json.dumps(cursor.fetchall(), default=str)

    times = interleave({"ours": ours, "limit": limit}, inner=2)
    link.close()
    body = ours()
    with statements() as found:
        ours()
    working = [sql for sql in found if not is_frame(sql)]
    chips = len(re.findall(rb'class="post-chip', body))
    return [
        compare(
            "1 month, 100,000 posts",
            times,
            target="≤ 3 × + 15 ms",
            holds=lambda ms, ratio: ms <= 3 * ms / ratio + 15,
        ),
        count("1 month: queries", len(working), unit="queries", most=8),
        count("1 month: compressed", compressed(body), unit="bytes", most=MONTH_FIRST_BYTES),
        Figure(
            "1 month: chips shown", chips, None, 100, round(chips / 100, 2), "chips", "≥ 100", chips >= 100
        ),
    ]


def growth(member_small: Any, member_large: Any, path: str, names: tuple[str, str]) -> list[Figure]:
    """Row 2: the same month with few and with very many posts in the database; queries must not grow."""
    counts = []

    def ask(member: Any, name: str) -> Callable[[], bytes]:
        switch(name)
        body = wsgi(path.format(slug=member.workspace.slug), cookie_of(member))

        def run() -> bytes:
            from django.db import connection

            if connection.settings_dict["NAME"] != name:
                switch(name)
            return body()

        with statements() as found:
            run()
        counts.append(len([sql for sql in found if not is_frame(sql)]))
        return run

    small, large = ask(member_small, names[0]), ask(member_large, names[1])

    def warm(body: Callable[[], bytes]) -> Callable[[], None]:
        def run() -> None:
            for _repeat in range(4):
                body()

        return run

    times = interleave({"ours": warm(large), "limit": warm(small)})
    return [
        compare(
            "2 month growth, few → very many posts",
            times,
            target="≤ 1.2 ×",
            holds=lambda _ms, ratio: ratio <= 1.2,
        ),
        Figure(
            "2 month growth: queries",
            counts[1],
            None,
            counts[0],
            1.0,
            "queries",
            "equal",
            counts[0] == counts[1],
        ),
    ]


def row_security(
    member: Any, paths: dict[str, str], app: tuple[str, str], owner: tuple[str, str]
) -> list[Figure]:
    """Row 8: list pages as the application's role and as the owner, whose policy is `true`."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    cookie = cookie_of(member)
    figures = []
    for label, path in paths.items():
        body = wsgi(path, cookie)
        times: dict[str, list[float]] = {"ours": [], "limit": []}
        for number in range(10):
            pair = (("ours", app), ("limit", owner))
            for variant, (user, password) in pair if number % 2 else reversed(pair):
                switch(name, user=user, password=password)
                body()  # the connection's caches are filled before anything is timed
                gc.collect()
                times[variant] += interleave({variant: body}, rounds=1, inner=5)[variant]
        figures.append(
            compare(
                f"8 row-level security: {label}",
                times,
                target="≤ 1.25 ×",
                holds=lambda _ms, ratio: ratio <= 1.25,
            )
        )
    switch(name, user=app[0], password=app[1])
    return figures


def weight(member: Any, path: str, root: Path) -> list[Figure]:
    """Row 16: what a first and a repeated visit of the month transfer, compressed; static files are kept for ever."""
    html = wsgi(path, cookie_of(member))()
    styles, scripts, others = asset_bytes(html.decode(), root)
    first = compressed(html) + styles + scripts + others
    return [
        count("16 first load: all", first, unit="bytes", most=150 * 1024),
        count("16 first load: scripts", scripts, unit="bytes", most=60 * 1024),
        count("16 repeat", compressed(html), unit="bytes", most=20 * 1024),
    ]


def asset_bytes(html: str, root: Path) -> tuple[int, int, int]:
    """Return the compressed bytes of styles, scripts and other files that a page pulls in, imports included."""
    seen: set[Path] = set()
    queue = [root / url for url in re.findall(r'["\'(]/static/([^"\'()#?]+)', html)]
    totals = {".css": 0, ".js": 0, "": 0}
    while queue:
        path = plain_name(queue.pop())
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        body = path.read_bytes()
        is_packed = path.suffix in {".woff2", ".png", ".webp"}
        totals[path.suffix if path.suffix in totals else ""] += len(body) if is_packed else compressed(body)
        if path.suffix in {".css", ".js"}:
            text = body.decode()
            found = re.findall(r'(?:url\(|@import\s+|from\s+|import\s+)\(?["\']?([^"\')\s;]+)', text)
            queue += [
                path.parent / name for name in found if not name.startswith(("data:", "http", "#", "@"))
            ]
    return totals[".css"], totals[".js"], totals[""]


def plain_name(path: Path) -> Path:
    """Return the file behind a name with or without its hash."""
    if path.is_file():
        return path.resolve()
    return path.with_name(re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", path.name)).resolve()


_BARE_MONTH = """
SELECT p.id, p.headline, p.state, p.scheduled_at, p.wall_time, p.campaign_id, p.author_id,
    (SELECT array_agg(c.channel_id) FROM calendar_app_postchannel c WHERE c.post_id = p.id)
FROM calendar_app_post p
WHERE p.workspace_id = %s AND p.scheduled_at >= %s AND p.scheduled_at < %s AND p.archived_at IS NULL
ORDER BY p.scheduled_at, p.id
"""
