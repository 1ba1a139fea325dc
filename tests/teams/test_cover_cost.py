"""What it costs to know whom one covers: every page of a member asks (row 7)."""

from datetime import timedelta

from django.db import connection
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext

from core.clock import now
from teams.cover import covers_of
from teams.models import Absence, Backup, Membership
from teams.selectors import membership_by_slug


def test_whom_one_covers_is_one_statement_that_is_never_compiled(acme, monkeypatch):
    """Read by hand, a cover is the same as through the models: people loaded whole, lists in their order."""
    compiled = []
    real = SQLCompiler.as_sql
    cleo = Membership.objects.select_related("user", "role", "workspace").get(pk=acme.cleo.pk)
    Backup(member=acme.ana, backup=acme.cleo, position=0).save()
    begun = now() - timedelta(hours=1)
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda *a, **k: compiled.append(a) or real(*a, **k))

    with CaptureQueriesContext(connection) as nobody_away:
        nobody = covers_of(cleo, now())
    quiet = len(compiled)
    Absence(member=acme.ana, kind="sick", starts_at=begun, ends_at=begun + timedelta(hours=9)).save()
    compiled.clear()
    with CaptureQueriesContext(connection) as one_away:
        (cover,) = covers_of(cleo, now())
        names = (cover.absent.user.name, cover.absent.role.key, cover.absent.workspace.slug)

    assert (nobody, quiet, len(nobody_away)) == ([], 0, 1)
    assert (len(compiled), len(one_away)) == (0, 2)
    assert names == ("Ana Rahman", "owner", "acme")
    assert (cover.bounds, cover.until) == (None, begun + timedelta(hours=9))
    assert cover.absent == acme.ana


def test_a_page_asks_whom_its_reader_covers_in_the_statement_it_begins_with(acme):
    """Nobody away, no statement more; somebody away, the whole question."""
    Backup(member=acme.ana, backup=acme.cleo, position=0).save()
    costs = []
    for is_away in (False, True):
        if is_away:
            Absence(member=acme.ana, kind="sick", starts_at=now() - timedelta(hours=1)).save()
        cleo = membership_by_slug(acme.cleo.user_id, "acme")
        with CaptureQueriesContext(connection) as asked:
            costs.append(([cover.absent.pk for cover in covers_of(cleo, now())], len(asked)))
    assert costs == [([], 0), ([acme.ana.pk], 1)]
