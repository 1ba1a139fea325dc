"""What one wants mailed, over REST: one's own only, with the form's rules."""

from approvals.receivers import SUBMITTED
from notifications.models import MailRules
from teams.tenancy import workspace_scope

WHERE = "/api/v1/w/acme/notices/mail/"


def test_everybody_reads_and_sets_his_own(cast, api_as):
    ben = api_as(cast.ben)
    usual = ben.get(WHERE).json()
    assert (usual["collect_minutes"], usual["quiet_from"]) == (1, None)
    assert all(kind["is_mailed"] for kind in usual["kinds"])
    said = {"muted": [SUBMITTED], "collect_minutes": 15, "quiet_from": "22:00", "quiet_until": "07:00"}
    answer = ben.put(WHERE, said)
    assert answer.status_code == 200
    found = ben.get(WHERE).json()
    assert found == answer.json()
    assert [kind["key"] for kind in found["kinds"] if not kind["is_mailed"]] == [SUBMITTED]
    assert (found["collect_minutes"], found["quiet_from"], found["quiet_until"]) == (
        15,
        "22:00:00",
        "07:00:00",
    )
    with workspace_scope(cast.acme.pk):
        assert MailRules.objects.get().member_id == cast.ben.pk
    assert all(kind["is_mailed"] for kind in api_as(cast.cleo).get(WHERE).json()["kinds"])


def test_what_makes_no_sense_is_refused_with_its_field_and_changes_nothing(cast, api_as):
    ben = api_as(cast.ben)
    for said, name in (
        ({"collect_minutes": 7}, "collect_minutes"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"muted": ["no.such.kind"]}, "mailed"),
        ({"quiet_from": "x", "quiet_until": "07:00"}, "quiet_from"),
    ):
        refused = ben.put(WHERE, said)
        assert refused.status_code == 422, said
        assert name in refused.json()["errors"]
    with workspace_scope(cast.acme.pk):
        assert MailRules.objects.count() == 0
