"""Fault matrix, row 25: an older backup is put back, or the database was away for hours. Nothing goes out twice."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, connections

from core.clock import now
from publishing.models import Delivery, Heartbeat
from publishing.services.holds import end_hold
from publishing.services.restores import ENGINE
from teams.models import Workspace
from teams.tenancy import workspace_scope
from tests.publishing.faults.scene import CLASSES
from tests.support import plugin

pytestmark = pytest.mark.services


@pytest.fixture
def stores(settings, tmp_path, monkeypatch):
    """A media folder of its own, and the administrator's way to the database."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    monkeypatch.setenv("DATABASE_ADMIN_URL", plugin.cluster.admin_dsn(plugin.database))
    return tmp_path


def call(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def no_longer_asked(scene) -> bool:
    return "unknown" not in scene.states().values()


def test_row_25_what_went_out_after_the_backup_is_found_and_not_published_again(scene, stores):
    """Backup, everything goes out, the backup is put back, the crew works on, the pause is ended: no second call."""
    texts = [f"{capability}{n}" for capability in CLASSES for n in range(2)]
    scene.fleet.dismiss_all()
    scene.publish(texts, at=now() + timedelta(seconds=2))
    scene.publish(["Fnew"], at=now() + timedelta(hours=1))
    folder = call("backup", str(stores / "backups"))
    for kind in ("worker", "dispatcher"):
        scene.fleet.start(kind)
    scene.fleet.wait_for(lambda: len(scene.net.calls) == len(texts), 90, "all went out")
    scene.fleet.wait_for(lambda: list(scene.states().values()).count("published") == len(texts), 60, "noted")
    scene.fleet.dismiss_all()
    connections.close_all()

    said = call("restore", folder, "--yes")
    for kind in ("worker", "dispatcher"):
        scene.fleet.start(kind)
    scene.fleet.wait_for(
        lambda: (
            [
                row.state
                for row in scene.rows().values()
                if row.channel.kind in ("fake_k", "fake_d", "fake_n")
            ].count("unknown")
            == 0
        ),
        120,
        "the networks were asked",
    )
    with workspace_scope(scene.cast.acme.pk):
        end_hold(workspace=Workspace.objects.get(pk=scene.cast.acme.pk), by=scene.cast.actor("ana"))
    scene.fleet.wait_for(lambda: no_longer_asked(scene) or _only_sessions(scene), 120, "all were asked")

    assert f"{len(texts)} deliveries" in said
    assert len(scene.net.calls) == len(texts)
    assert set(scene.copies().values()) == {0, 1}
    states = scene.states()
    assert {states[text] for text in texts if text[0] in "KDF"} == {"published"}
    assert {states[text] for text in texts if text[0] == "N"} == {"needs_attention"}
    assert {states[text] for text in texts if text[0] == "S"} <= {"unknown", "needs_attention"}
    assert states["Fnew"] == "scheduled"
    assert all(row.remote_id in scene.net.live for row in scene.rows().values() if row.state == "published")


def _only_sessions(scene) -> bool:
    """A restored row has no handle to ask by, so sessions are asked in vain until people are."""
    return {row.channel.capability for row in scene.rows().values() if row.state == "unknown"} <= {"S"}


def test_row_25_after_hours_without_a_database_nothing_overdue_is_sent(scene):
    """The engine's last sign is two hours old; two dispatchers start at once; what falls due afterwards goes out."""
    scene.fleet.dismiss_all()
    scene.publish([f"{capability}old" for capability in CLASSES], at=now() - timedelta(minutes=100))
    scene.publish(["Nnew"], at=now() + timedelta(seconds=20))
    Heartbeat.objects.filter(process=ENGINE).update(at=now() - timedelta(hours=2))
    assert Heartbeat.objects.filter(process=ENGINE).count() == 1
    for kind in ("dispatcher", "dispatcher", "worker"):
        scene.fleet.start(kind)
    scene.fleet.wait_for(
        lambda: scene.states()["Nnew"] == "published", 120, "what fell due afterwards went out"
    )
    scene.fleet.wait_for(lambda: no_longer_asked(scene) or _only_sessions(scene), 120, "all were asked")

    assert [each.text for each in scene.net.calls] == ["Nnew"]
    states = scene.states()
    assert {states[f"{capability}old"] for capability in "KDFN"} == {"needs_attention"}
    with workspace_scope(scene.cast.acme.pk):
        reasons = dict(
            Delivery.objects.values_list("channel__capability", "reason").filter(state="needs_attention")
        )
    assert {reasons[each] for each in "KDF"} == {"absent"}
    assert reasons["N"] == "outage"
    connection.close()
