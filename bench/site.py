"""The product in this process, over a cluster of its own: databases to switch between, browsers logged in."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from tests.support.services import Cluster

MIGRATED = "bench_empty"


def prepare(cluster: Cluster) -> None:
    """Point the settings at the cluster, make the empty migrated database, and set Django up."""
    os.environ.update(cluster.environment(MIGRATED))
    os.environ["DJANGO_SETTINGS_MODULE"] = "collab.settings"
    os.environ["CONN_MAX_AGE"] = "600"
    cluster.create_database(MIGRATED)
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", "--database", "owner", "-v", "0"]
    subprocess.run(command, check=True)  # noqa: S603  # our own command line
    import django

    django.setup()
    from django.conf import settings

    settings.ROOT_URLCONF = "bench.urls"
    settings.ALLOWED_HOSTS = ["*"]


def database(cluster: Cluster, name: str) -> None:
    """Make a database as a copy of the migrated one and switch to it."""
    cluster.create_database(name, template=MIGRATED)
    switch(name)


def switch(name: str, *, user: str | None = None, password: str | None = None) -> None:
    """Let the default connection go to another database, and as another role where one is named."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name
    if user:
        connection.settings_dict["USER"], connection.settings_dict["PASSWORD"] = user, password
    connection.connect()


def browser(member):  # noqa: ANN001, ANN201  # Django's own types, imported late
    """Return a client in which the member is logged in, on a device that stands in his list as after the form."""
    from allauth.usersessions.models import UserSession
    from django.test import Client

    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    UserSession.objects.create(
        user=member.user, ip="127.0.0.1", user_agent="bench", session_key=client.session.session_key
    )
    return client


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the SQL statements of a block."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [query["sql"] for query in captured.captured_queries]


def is_frame(sql: str) -> bool:
    """Tell whether a statement is of the transaction's frame: begin, commit, savepoint, set_config."""
    text = sql.lstrip().upper()
    if text.startswith("SELECT SET_CONFIG"):
        return " FROM " not in text
    return text.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"))


def compressed(body: bytes) -> int:
    """Return the bytes of a body as gzip sends it."""
    return len(gzip.compress(body, 6))


def member_of(workspace_id: UUID):  # noqa: ANN201  # Django's own types, imported late
    """Return some active member of a workspace."""
    from teams.models import Membership
    from teams.tenancy import workspace_scope

    with workspace_scope(workspace_id):
        return Membership.objects.select_related("user", "role", "workspace").first()
