"""`manage.py init_database`: make roles, database and grants on a PostgreSQL that somebody else runs."""

from typing import Any

import environ
import psycopg2
from django.core.management.base import BaseCommand, CommandError
from psycopg2.extensions import parse_dsn

from collab.runtime.roles import APP, OWNER, UnfitServer, prepare_cluster


class Command(BaseCommand):
    """Bring the server to the state the migrations need; may run again at any time."""

    help = (
        "Makes collab_owner, collab_app, collab_sweeper and the database, given an administrator's address in "
        "DATABASE_ADMIN_URL. Passwords and the database's name come from DATABASE_OWNER_URL and DATABASE_URL."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and correct what differs."""
        env = environ.Env()
        admin, owner, app = (
            _parts(env, name) for name in ("DATABASE_ADMIN_URL", "DATABASE_OWNER_URL", "DATABASE_URL")
        )
        if (owner.get("user"), app.get("user")) != (OWNER, APP):
            raise CommandError(
                f"DATABASE_OWNER_URL must name the user {OWNER} and DATABASE_URL the user {APP}. Nothing was changed."
            )
        if owner.get("dbname") != app.get("dbname") or not app.get("dbname"):
            raise CommandError(
                "DATABASE_OWNER_URL and DATABASE_URL must name the same database. Nothing was changed."
            )
        passwords = {OWNER: owner.get("password", ""), APP: app.get("password", "")}
        try:
            prepare_cluster(
                psycopg2.extensions.make_dsn(**admin), database=app["dbname"], passwords=passwords
            )
        except (UnfitServer, psycopg2.Error) as error:
            raise CommandError(f"The database server could not be prepared: {error}") from error
        self.stdout.write(f"Roles, grants and the database {app['dbname']} are as they should be.")


def _parts(env: environ.Env, name: str) -> dict[str, str]:
    """Return the parts of the address in a variable."""
    found = env.str(name, "")
    if not found:
        raise CommandError(f"{name} is not set. Nothing was changed.")
    try:
        return {key: str(value) for key, value in parse_dsn(found).items()}
    except psycopg2.ProgrammingError as error:
        raise CommandError(f"{name} is no PostgreSQL address: {error}") from error
