"""The drill: a backup is made while posts are planned, the database and the media are lost, and all comes back."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from activity.models import Entry
from activity.services.sealing import seal_everything, verify
from calendar_app.models import Post
from collab.backups import MANIFEST_FILE
from core.clock import now
from networks.models import Channel
from publishing.ledger import claim_due, claim_unsettled
from publishing.models import Delivery, Hold
from publishing.services import settling
from publishing.timing import clock
from teams.models import Membership
from teams.tenancy import workspace_scope
from tests.factories.deliveries import allow_policy, plan
from tests.support import plugin

pytestmark = pytest.mark.services


@pytest.fixture
def planned(live_cast, settings, tmp_path, monkeypatch):
    """Two posts on the newsroom, one that falls due after the backup and one of next week; and a stored picture."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "cup.webp").write_bytes(b"picture")
    monkeypatch.setenv("DATABASE_ADMIN_URL", plugin.cluster.admin_dsn(plugin.database))
    with workspace_scope(live_cast.acme.pk):
        allow_policy(live_cast.acme)
        newsroom = Channel.objects.get(kind="newsroom")
        plan(live_cast.acme, [newsroom], "due meanwhile", at=now() + timedelta(hours=1))
        plan(live_cast.acme, [newsroom], "next week", at=now() + timedelta(days=7))
    seal_everything()
    return live_cast


def _backup(folder) -> str:
    out = StringIO()
    call_command("backup", str(folder), stdout=out)
    return out.getvalue().strip()


def _lose_everything(settings) -> None:
    plugin.empty_database()
    (settings.MEDIA_ROOT / "cup.webp").unlink()
    (settings.MEDIA_ROOT / "newer.webp").write_bytes(b"newer")


def _restore(folder) -> str:
    connections.close_all()
    out = StringIO()
    call_command("restore", folder, "--yes", stdout=out)
    return out.getvalue()


def settle_all(workspace_id: UUID) -> None:
    """Ask the networks about all that is unknown, as the sweepers do, two hours from now."""
    with workspace_scope(workspace_id):
        Delivery.objects.filter(state="unknown").update(settle_until=clock(-1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settling.statements, "read_clock", lambda: now() + timedelta(hours=2))
        for claim in claim_unsettled():
            settling.settle_unknown(
                workspace_id=claim.workspace_id, delivery_id=claim.delivery_id, token=claim.token
            )


def test_everything_comes_back_and_nothing_due_is_sent_blindly(planned, settings, tmp_path):
    with workspace_scope(planned.acme.pk):
        before = (Post.objects.count(), Delivery.objects.count(), Membership.objects.count())
        entries = Entry.objects.count()
    folder = _backup(tmp_path / "backups")
    with workspace_scope(planned.acme.pk):  # the first post is sent within the hour; the backup cannot know
        soon = Delivery.objects.order_by("scheduled_at").first()
    _lose_everything(settings)
    connections.close_all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("publishing.services.restores.clock", lambda: clock(2 * 3600))
        said = _restore(folder)
    assert "1 deliveries that fell due" in said
    with workspace_scope(planned.acme.pk):
        assert (Post.objects.count(), Delivery.objects.count(), Membership.objects.count()) == before
        assert Entry.objects.count() == entries + 3
        assert set(Delivery.objects.values_list("state", "reason")) == {("unknown", "restored")}
        assert Hold.objects.filter(ended_at=None).count() == 1
    assert claim_due() == []
    settle_all(planned.acme.pk)
    with workspace_scope(planned.acme.pk):  # the newsroom is away: what fell due stays in question
        fallen, later = Delivery.objects.order_by("scheduled_at")
        assert (fallen.pk, fallen.state, fallen.reason) == (soon.pk, "unknown", "restored")
        assert Post.objects.get(pk=soon.post_id).state == "publishing"
        assert (later.state, later.held_for) == ("scheduled", "pause")
    assert claim_due() == []
    seal_everything()
    assert list(verify(planned.acme.pk)) == []
    assert [path.name for path in settings.MEDIA_ROOT.iterdir()] == ["cup.webp"]


def test_a_changed_backup_is_not_loaded(planned, tmp_path):
    folder = _backup(tmp_path / "backups")
    with open(f"{folder}/database.dump", "ab") as file:
        file.write(b"DROP TABLE teams_user;")
    with pytest.raises(CommandError, match="was changed"):
        _restore(folder)
    with workspace_scope(planned.acme.pk):
        assert Post.objects.count() == 2


def test_a_backup_of_another_installation_is_not_loaded(planned, tmp_path, settings):
    folder = _backup(tmp_path / "backups")
    manifest = json.loads(Path(folder, MANIFEST_FILE).read_text())
    settings.SEAL_KEY = "the seal key of another installation"
    assert manifest["activity_heads"]["acme"][0] > 0
    with pytest.raises(CommandError, match="not made with this installation"):
        _restore(folder)


def test_keys_are_written_apart_and_never_into_the_backup(planned, tmp_path, settings):
    out = StringIO()
    call_command("backup", str(tmp_path / "backups"), "--keys", str(tmp_path / "keys"), stdout=out)
    folder = tmp_path / "backups" / out.getvalue().strip().rpartition("/")[2]
    assert settings.COLLAB_KEYS[0] in (tmp_path / "keys").read_text()
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    secret = settings.COLLAB_KEYS[0].partition(":")[2].encode()
    assert [path.name for path in folder.iterdir() if secret in path.read_bytes()] == []
