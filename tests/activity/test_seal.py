"""The seal holds, and whatever the administrator of the database does to the record is found."""

import threading
from datetime import timedelta

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from activity.models import Entry, Seal
from activity.services import sealing
from activity.services.sealing import head, seal_everything, seal_recent, seal_workspace, verify
from core.clock import now
from core.record import record
from core.refs import Ref
from teams.tenancy import workspace_scope
from tests.support import plugin


@pytest.fixture
def sealed(live_cast):
    """Acme with twenty entries more, all sealed."""
    with workspace_scope(live_cast.acme.pk):
        for number in range(20):
            record(
                "tests.thing.noted",
                by=live_cast.actor("ben"),
                subject=Ref("tests.thing", live_cast.acme.pk),
                number=number,
            )
    seal_recent()
    return live_cast


def admin(*statements: str) -> None:
    """Change the record as the database's administrator can, past grants and triggers."""
    with psycopg2.connect(plugin.cluster.admin_dsn(plugin.database)) as link, link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount, statement
    link.close()


def findings(cast, **known) -> list[str]:
    return [finding.what for finding in verify(cast.acme.pk, **known)]


def position(number: int) -> str:
    return (
        "(SELECT entry_id FROM activity_seal s JOIN teams_workspace w ON w.id = s.workspace_id"
        f" WHERE w.slug = 'acme' AND position = {number})"
    )


def test_the_seal_covers_every_entry_and_holds(sealed):
    with workspace_scope(sealed.acme.pk):
        assert Seal.objects.count() == Entry.objects.count() > 20
        assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == list(
            range(1, Seal.objects.count() + 1)
        )
    assert findings(sealed) == []


CHANGES = {
    "verb": "UPDATE activity_entry SET verb = 'tests.thing.forged' WHERE id = {id}",
    "actor": "UPDATE activity_entry SET actor_id = gen_random_uuid() WHERE id = {id}",
    "kind": "UPDATE activity_entry SET actor_kind = 'staff' WHERE id = {id}",
    "member": "UPDATE activity_entry SET member_id = gen_random_uuid() WHERE id = {id}",
    "cover": "UPDATE activity_entry SET on_behalf_of = gen_random_uuid() WHERE id = {id}",
    "subject": "UPDATE activity_entry SET subject_id = gen_random_uuid() WHERE id = {id}",
    "subject type": "UPDATE activity_entry SET subject_type = 'tests.other' WHERE id = {id}",
    "facts": "UPDATE activity_entry SET facts = '{{\"number\": 99}}' WHERE id = {id}",
    "time": "UPDATE activity_entry SET at = at + interval '1 microsecond' WHERE id = {id}",
    "link": "UPDATE activity_seal SET hash = repeat('0', 64) WHERE entry_id = {id}",
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_a_changed_entry_is_found(sealed, what):
    admin(CHANGES[what].format(id=position(10)))
    assert findings(sealed) == ["the entry or its link was changed"]


def test_a_deleted_entry_is_found(sealed):
    admin(
        f"CREATE TEMP TABLE gone AS SELECT {position(10)} AS id",
        "DELETE FROM activity_seal WHERE entry_id = (SELECT id FROM gone)",
        "DELETE FROM activity_entry WHERE id = (SELECT id FROM gone)",
    )
    assert findings(sealed) == ["a link is missing"]


def test_a_deleted_entry_whose_link_stands_is_found(sealed):
    admin(f"DELETE FROM activity_entry WHERE id = {position(10)}")
    assert findings(sealed) != []


def test_an_entry_closed_up_after_deletion_is_found(sealed):
    admin(
        f"CREATE TEMP TABLE gone AS SELECT {position(10)} AS id, {position(1)} AS first",
        "DELETE FROM activity_seal WHERE entry_id = (SELECT id FROM gone)",
        "UPDATE activity_seal s SET position = position + 1000 WHERE position > 10"
        " AND workspace_id = (SELECT workspace_id FROM activity_entry WHERE id = (SELECT first FROM gone))",
        "UPDATE activity_seal SET position = position - 1001 WHERE position > 1000",
    )
    assert findings(sealed) == ["the entry or its link was changed"]


def test_an_inserted_entry_is_found(sealed):
    admin(
        "INSERT INTO activity_entry (id, workspace_id, at, verb, actor_kind, subject_type, subject_id, facts)"
        " SELECT gen_random_uuid(), id, now() - interval '1 hour', 'tests.thing.forged', 'system', 'x', id, '{}'"
        " FROM teams_workspace WHERE slug = 'acme'"
    )
    assert findings(sealed) == ["the entry is not sealed"]


def test_an_inserted_entry_with_a_link_of_its_own_is_found(sealed):
    length, _link = head(sealed.acme.pk)
    admin(
        "INSERT INTO activity_entry (id, workspace_id, at, verb, actor_kind, subject_type, subject_id, facts)"
        " SELECT 'ffffffff-0000-7000-8000-000000000000', id, now(), 'tests.thing.forged', 'system', 'x', id, '{}'"
        " FROM teams_workspace WHERE slug = 'acme'",
        "INSERT INTO activity_seal (id, workspace_id, position, hash, sealed_at, entry_id)"
        f" SELECT gen_random_uuid(), id, {length + 1}, md5('x') || md5('y'), now(),"
        " 'ffffffff-0000-7000-8000-000000000000' FROM teams_workspace WHERE slug = 'acme'",
    )
    assert findings(sealed) == ["the entry or its link was changed"]


def test_two_entries_that_changed_places_are_found(sealed):
    admin(
        f"CREATE TEMP TABLE pair AS SELECT {position(10)} AS a, {position(11)} AS b",
        "UPDATE activity_seal SET entry_id = 'ffffffff-0000-7000-8000-000000000000'"
        " WHERE entry_id = (SELECT a FROM pair)",
        "UPDATE activity_seal SET entry_id = (SELECT a FROM pair) WHERE entry_id = (SELECT b FROM pair)",
        "UPDATE activity_seal SET entry_id = (SELECT b FROM pair)"
        " WHERE entry_id = 'ffffffff-0000-7000-8000-000000000000'",
    )
    assert findings(sealed) == ["the entry or its link was changed"]


CUT = (
    "CREATE TEMP TABLE cut AS SELECT s.entry_id AS id FROM activity_seal s JOIN teams_workspace w"
    " ON w.id = s.workspace_id WHERE w.slug = 'acme' AND position > {position}",
    "DELETE FROM activity_seal WHERE entry_id IN (SELECT id FROM cut)",
    "DELETE FROM activity_entry WHERE id IN (SELECT id FROM cut)",
)


def test_a_chain_cut_short_is_found_against_a_head_kept_elsewhere(sealed):
    known = head(sealed.acme.pk)
    admin(*(statement.format(position=known[0] - 5) for statement in CUT))
    assert findings(sealed) == []
    assert findings(sealed, known_head=known) == ["the chain was cut short"]


def test_a_chain_cut_short_and_grown_again_is_found_against_a_head_kept_elsewhere(sealed):
    known = head(sealed.acme.pk)
    admin(*(statement.format(position=known[0] - 5) for statement in CUT))
    with workspace_scope(sealed.acme.pk):
        for _number in range(8):
            record("tests.thing.forged", by=sealed.actor("ben"), subject=Ref("tests.thing", sealed.acme.pk))
    seal_recent()
    assert findings(sealed) == []
    assert findings(sealed, known_head=known) == ["the chain differs from the known head"]


def test_a_chain_that_grew_holds_against_its_earlier_head(sealed):
    known = head(sealed.acme.pk)
    with workspace_scope(sealed.acme.pk):
        record("tests.thing.noted", by=sealed.actor("ben"), subject=Ref("tests.thing", sealed.acme.pk))
    seal_recent()
    assert findings(sealed, known_head=known) == []


def test_the_chain_cannot_be_made_anew_without_the_key(sealed, settings):
    """Whoever has the database and not the key cannot forge a chain that holds."""
    settings.SEAL_KEY = "another key than the installation's own, of good length"
    assert findings(sealed) == ["the entry or its link was changed"]


def test_each_workspace_has_its_own_chain(sealed):
    admin(CHANGES["verb"].format(id=position(10)))
    assert list(verify(sealed.other.pk)) == []


def test_what_is_unsealed_for_a_minute_is_reported(sealed, monkeypatch):
    with workspace_scope(sealed.acme.pk):
        record("tests.thing.noted", by=sealed.actor("ben"), subject=Ref("tests.thing", sealed.acme.pk))
    assert findings(sealed) == []
    monkeypatch.setattr(sealing, "now", lambda: now() + timedelta(seconds=61))
    assert findings(sealed) == ["the entry is not sealed"]


def test_what_an_outage_left_unsealed_is_sealed_later(sealed, monkeypatch):
    with workspace_scope(sealed.acme.pk):
        record("tests.thing.noted", by=sealed.actor("ben"), subject=Ref("tests.thing", sealed.acme.pk))
    monkeypatch.setattr(sealing, "now", lambda: now() + timedelta(hours=1))
    assert seal_recent() == 0
    assert seal_everything() == 1
    assert findings(sealed) == []


def test_many_sealers_at_once_never_fork_the_chain(live_cast):
    with workspace_scope(live_cast.acme.pk):
        for number in range(60):
            record(
                "tests.thing.noted",
                by=live_cast.actor("ben"),
                subject=Ref("tests.thing", live_cast.acme.pk),
                number=number,
            )
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            seal_workspace(live_cast.acme.pk, now() - timedelta(minutes=5))
        except BaseException as error:  # whatever it is, it belongs into the assertion below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with workspace_scope(live_cast.acme.pk):
        assert Seal.objects.count() == Entry.objects.count()
    assert findings(live_cast) == []


# The command


def test_the_command_prints_a_head_that_it_takes_back(sealed, capsys):
    call_command("verify_activity", "--workspace", "acme")
    printed = capsys.readouterr().out
    assert "acme: " in printed
    assert "chain holds" in printed
    call_command("verify_activity", "--workspace", "acme", "--head", printed.split()[-1])
    admin(*(statement.format(position=5) for statement in CUT))
    with pytest.raises(CommandError):
        call_command("verify_activity", "--workspace", "acme", "--head", printed.split()[-1])
    assert "cut short" in capsys.readouterr().out


def test_the_command_names_the_first_bad_row_and_fails(sealed, capsys):
    with workspace_scope(sealed.acme.pk):
        bad = Seal.objects.get(position=10).entry_id
    admin(CHANGES["verb"].format(id=position(10)), CHANGES["verb"].format(id=position(12)))
    with pytest.raises(CommandError) as failed:
        call_command("verify_activity")
    assert failed.value.returncode == 1
    printed = capsys.readouterr().out
    assert f"acme: BROKEN at position 10, entry {bad}" in printed
    assert "other: " in printed


@pytest.mark.parametrize(
    "words", [["--workspace", "nowhere"], ["--head", "1:" + "a" * 64], ["--workspace", "acme", "--head", "x"]]
)
def test_the_command_refuses_what_makes_no_sense(live_cast, words):
    with pytest.raises(CommandError):
        call_command("verify_activity", *words)
