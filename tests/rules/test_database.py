"""The database's own walls, as its catalogue tells them; who it is that works; what must hold at start."""

import os
import subprocess
import sys

import pytest
from celery import current_app
from django.apps import apps
from django.db import connection, models

from core.ids import uuid7
from core.registry import _ports
from teams.models import Membership
from teams.tenancy import WorkspaceOwned
from tests.rules.code import ROOT, packages

pytestmark = pytest.mark.final

GLOBAL = {
    "teams.User": "a person belongs to any number of workspaces",
    "teams.Workspace": "the tenant itself: slug, name, status",
    "teams.AccessKey": "the secret is what names the workspace",
    "publishing.Heartbeat": "processes belong to the installation",
    "publishing.Tally": "counts of what the sweeps of all workspaces did, without saying in which",
    "publishing.Pace": "an instant for each channel, which the scans of all workspaces spend from",
    "collab.Backup": "backups are of the installation",
}
"""Models of ours that belong to no workspace, with the reason."""


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in packages()]


def owned() -> list[type[models.Model]]:
    return [model for model in ours() if issubclass(model, WorkspaceOwned)]


def rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def test_every_model_is_owned_or_listed_as_global():
    strangers = [model._meta.label for model in ours() if not issubclass(model, WorkspaceOwned)]
    assert sorted(set(strangers) - set(GLOBAL)) == []


@pytest.mark.parametrize("model", owned(), ids=lambda model: model._meta.label)
def test_an_owned_table_is_shut_by_row_level_security(db, model):
    table = model._meta.db_table
    enabled = rows("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table)
    assert enabled == [(True, True)]
    policies = {
        (name, command, roles.strip("{}"), used, checked)
        for name, command, roles, used, checked in rows(
            "SELECT policyname, cmd, roles::text, qual, with_check FROM pg_policies WHERE tablename = %s",
            table,
        )
    }
    tenant = [p for p in policies if p[2] == "collab_app" and p[1] == "ALL"]
    assert len(tenant) == 1
    _name, _command, _role, used, checked = tenant[0]
    assert used == checked
    assert "workspace_id = ( SELECT" in used
    assert "current_setting('app.workspace'" in used
    assert [p[1] for p in policies if p[2] == "collab_app" and p[1] not in ("ALL", "SELECT")] == []


def test_policies_call_nothing_volatile(db):
    """A volatile function in a policy runs once per row; current_setting inside a scalar sub-select runs once."""
    used = rows(
        "SELECT p.polrelid::regclass::text, f.proname FROM pg_policy p"
        " JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid"
        " AND d.refclassid = 'pg_proc'::regclass JOIN pg_proc f ON f.oid = d.refobjid WHERE f.provolatile = 'v'"
    )
    assert used == []
    bare = rows(
        "SELECT tablename, policyname FROM pg_policies WHERE (coalesce(qual, '') || coalesce(with_check, ''))"
        " LIKE '%%current_setting%%' AND (coalesce(qual, '') || coalesce(with_check, '')) NOT LIKE '%%( SELECT%%'"
    )
    assert bare == []


def test_no_owned_table_is_reachable_around_its_policies(db):
    """Views would read with their owner's rights; there are none."""
    assert rows("SELECT viewname FROM pg_views WHERE schemaname = 'public'") == []
    assert rows("SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'") == []


def test_the_application_owns_nothing_and_may_change_no_structure(db):
    assert rows("SELECT relname FROM pg_class WHERE relowner = 'collab_app'::regrole") == []
    assert rows("SELECT proname FROM pg_proc WHERE proowner = 'collab_app'::regrole") == []
    assert rows("SELECT has_schema_privilege('collab_app', 'public', 'CREATE')") == [(False,)]
    assert rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = 'collab_app'"
    ) == [(False, False, False)]
    truncatable = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND has_table_privilege('collab_app', oid, 'TRUNCATE')"
    )
    assert truncatable == []


def test_definer_functions_have_a_fixed_path_and_are_not_for_everybody(db):
    found = rows(
        "SELECT p.oid::regprocedure::text, p.proowner::regrole::text,"
        " coalesce(array_to_string(p.proconfig, ','), ''), has_function_privilege('collab_app', p.oid, 'EXECUTE'),"
        " p.proacl::text LIKE '%%{=%%' OR p.proacl::text LIKE '%%,=%%'"
        " FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
    )
    assert found
    for name, owner, config, callable_, open_to_all in found:
        assert (name, owner) == (name, "collab_sweeper")
        assert "search_path=pg_catalog, public" in config, name
        assert (callable_, bool(open_to_all)) == (True, False), name


def test_unique_constraints_of_owned_tables_begin_with_the_workspace():
    """A unique constraint across workspaces would tell one of them what another has."""
    exempt = {"activity.Seal.entry", "teams.Team.group"}
    loose = []
    for model in owned():
        fields = model._meta.local_fields
        loose += [f"{model._meta.label}.{f.name}" for f in fields if f.unique and not f.primary_key]
        for constraint in model._meta.constraints:
            names = list(getattr(constraint, "fields", ()) or ())
            names += [getattr(part, "name", "") for part in getattr(constraint, "expressions", ())]
            if isinstance(constraint, models.UniqueConstraint) and "workspace" not in names[:1]:
                loose.append(f"{model._meta.label}.{constraint.name}")
    one_to_one = {f"{m._meta.label}.{f.name}" for m in owned() for f in m._meta.local_fields if f.one_to_one}
    assert sorted(set(loose) - exempt - one_to_one) == []


def test_deleting_in_one_app_deletes_nothing_in_another():
    """What is referenced is never deleted: CASCADE only inside one app.

    Memberships are never deleted, so what is a member's own may hang on them.
    """
    wild = [
        f"{model._meta.label}.{field.name}"
        for model in owned()
        for field in model._meta.local_fields
        if field.is_relation
        and field.remote_field.on_delete is models.CASCADE
        and field.related_model._meta.app_label != model._meta.app_label
        and field.related_model is not Membership
        and field.name not in {"permission", "user", "group"}
    ]
    assert wild == []


# Who works


WHO = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT current_user'); print(k.fetchone()[0])"


def manage(*words: str, **extra: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_tests_work_as_the_application(db):
    assert rows("SELECT current_user") == [("collab_app",)]


def test_the_shell_works_as_the_application(db):
    assert manage("shell", "--no-imports", "-c", WHO).splitlines()[-1] == "collab_app"


def test_pages_work_as_the_application(cast, client_as, monkeypatch):
    from teams.views import members

    seen = []
    monkeypatch.setattr(members.selectors, "roles", _seeing(members.selectors.roles, seen))
    assert client_as(cast.ana).get("/w/acme/members/").status_code == 200
    assert set(seen) == {"collab_app"}


def test_workers_work_as_the_application(cast, monkeypatch):
    from activity.services import outbox

    seen = []
    monkeypatch.setattr(outbox, "deliver", _seeing(outbox.deliver, seen))
    current_app.loader.import_default_modules()
    kwargs = {"workspace_id": str(cast.acme.pk), "delivery_id": str(uuid7())}
    current_app.tasks[outbox.TASK].apply(kwargs=kwargs, throw=True)
    assert seen == ["collab_app"]


def test_the_dispatcher_works_as_the_application(live_cast):
    from core.ticks import tickers

    for name, ticker in tickers.items():
        ticker.body()
        assert rows("SELECT current_user") == [("collab_app",)], name


def _seeing(function, seen: list[str]):
    def watched(*args, **kwargs):
        seen.append(rows("SELECT current_user")[0][0])
        return function(*args, **kwargs)

    return watched


# At start


def test_no_migration_is_missing():
    manage("makemigrations", "--check", "--dry-run", DATABASE_URL=os.environ["DATABASE_OWNER_URL"])


def test_task_names_are_unique_and_named_for_their_app():
    current_app.loader.import_default_modules()
    own = {name: task for name, task in current_app.tasks.items() if not name.startswith("celery.")}
    assert own
    for name, task in own.items():
        assert name.split(".")[0] == task.run.__module__.split(".")[0], name
        assert task.__doc__, name


def test_every_port_is_filled():
    assert [port.name for port in _ports if not port.is_filled] == []


def test_every_place_of_the_rail_has_its_page(cast):
    from django.urls import reverse

    from teams.shell import places, shell_urls

    for place in places.values():
        assert reverse(place.url_name, args=["acme"])
    for name in shell_urls.values():
        assert reverse(name, args=["acme"])


def test_start_is_refused_over_a_privileged_role(django_db_setup):
    environment = {"DATABASE_URL": os.environ["DATABASE_OWNER_URL"]}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "check", "--database", "default"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "collab.E005" in done.stderr
