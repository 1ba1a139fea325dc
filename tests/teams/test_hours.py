"""Working hours of the workspace and of teams, as people set them (issue 4, line 7)."""

from datetime import date

import pytest

from activity.models import Entry
from core.errors import Invalid, NotAllowed, NotFound
from teams.models import WorkingHours
from teams.services.groups import create_team
from teams.services.hours import drop_hours, set_hours
from teams.tenancy import workspace_scope
from teams.working_time import weeks

PAGE = "/w/acme/settings/hours/"
DAYS = [[540, 1080]] * 5 + [[], []]


def form(**fields: str) -> dict[str, str]:
    said = {"zone": "Asia/Kuala_Lumpur", "country": "MY", "days_off": "2026-12-31\n2027-01-02"}
    for number in range(5):
        said |= {f"from_{number}": "09:00", f"until_{number}": "18:00"}
    return {**said, **fields}


def test_an_admin_sets_the_hours_and_takes_them_away(cast, client_as):
    client = client_as(cast.ana)
    assert "every hour of every day counts" in client.get(PAGE).content.decode()
    assert client.post(PAGE, form(until_4="00:00")).status_code == 302
    with workspace_scope(cast.acme.pk):
        week = weeks()[None]
        assert week.days == ((540, 1080),) * 4 + ((540, 1440), None, None)
        assert week.days_off == {date(2026, 12, 31), date(2027, 1, 2)}
        assert Entry.objects.filter(verb="teams.workinghours.set").count() == 1
    assert 'value="09:00"' in client.get(PAGE).content.decode()
    client.post(PAGE, {"action": "drop"})
    with workspace_scope(cast.acme.pk):
        assert weeks() == {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until_0": ""}, "Give both times, or neither."),
        ({"until_0": "08:00"}, "A day ends after it begins."),
        ({"days_off": "31.12.2026"}, "Write each date as in 2026-12-31"),
        ({f"{end}_{number}": "" for end in ("from", "until") for number in range(5)}, "at least one day"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_lost(cast, client_as, fields, said):
    answer = client_as(cast.ana).post(PAGE, form(**fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "2027-01-02" in answer.content.decode() or "days_off" in fields
    with workspace_scope(cast.acme.pk):
        assert not WorkingHours.objects.exists()


def test_leads_set_those_of_a_team_and_not_of_the_workspace(cast, client_as, acme):
    team = create_team(name="Desk", members=[acme.jun], by=acme.actor("ana"))
    client = client_as(cast.cleo)
    assert client.post(f"/w/acme/teams/{team.pk}/hours/", form()).status_code == 302
    assert set(weeks()) == {team.pk}
    assert client.post(PAGE, form()).status_code == 403
    with pytest.raises(NotAllowed):
        set_hours(zone="UTC", days=DAYS, by=acme.actor("cleo"))
    with pytest.raises(NotAllowed):
        set_hours(team=team, zone="UTC", days=DAYS, by=acme.actor("ben"))
    drop_hours(team=team, by=acme.actor("cleo"))
    with pytest.raises(NotFound):
        drop_hours(team=team, by=acme.actor("cleo"))


@pytest.mark.parametrize(
    "fields",
    [{"zone": "Mars/Olympus"}, {"country": "XX"}, {"days": [[0, 1]] * 6}, {"days": [[600, 500]] * 7}],
)
def test_the_service_refuses_what_it_cannot_count_by(acme, fields):
    with pytest.raises(Invalid):
        set_hours(**{"zone": "UTC", "days": DAYS, **fields}, by=acme.actor("ana"))
