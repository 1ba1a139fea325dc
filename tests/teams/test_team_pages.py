"""Who looks after what: the pages, the exports, the gaps, and how each is mended (R1.2, R1.3, R1.11, R12.5)."""

import csv
import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from core.clock import now
from home.selectors import work_of
from teams.models import Backup, Duty, Membership, Moderator
from teams.scopes import CHANNEL, NETWORK
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.services.duties import create_duty, name_moderator, starter_kind
from teams.services.members import change_profile
from teams.sheets import harmless
from teams.states import AbsenceKind, RoleKey, StarterKind
from tests.factories.people import make_member, make_user
from tests.factories.posts import make_channel, newsroom_of
from tests.rules.growth import is_counted

TEAM = "/w/acme/team/"
OWN_STATEMENTS = 7
"""What the page may ask beyond the shell that stands around every page."""


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("user", "role", "workspace").get(pk=member.pk)


def duty_of(
    cast, owner: str | None = None, *backups: str, name: str = "", scopes=(), minutes: int = 60
) -> Duty:
    return create_duty(
        kind=starter_kind(StarterKind.ENGAGEMENT, cast.acme.pk),
        name=name,
        owner=fresh(getattr(cast, owner)) if owner else None,
        backups=[fresh(getattr(cast, one)) for one in backups],
        scopes=scopes,
        effort_minutes=minutes,
        by=cast.actor("cleo"),
    )


def back_everybody(cast) -> None:
    for name in ("ana", "ben", "cleo", "farah", "jun", "vera"):
        other = "cleo" if name == "ben" else "ben"
        set_backups(
            member=fresh(getattr(cast, name)), backups=[fresh(getattr(cast, other))], by=cast.actor("ana")
        )


def away(cast, name: str) -> None:
    record_absence(
        member=fresh(getattr(cast, name)),
        kind=AbsenceKind.SICK,
        starts_at=now() - timedelta(hours=1),
        ends_at=now() + timedelta(days=30),
        by=cast.actor("ana"),
    )


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


def signs(page: str, member: Membership) -> list[str]:
    row = page.split(f'id="cover-row-{member.pk}"')[1].split("</tr>", maxsplit=1)[0]
    return [part.split('"')[0] for part in row.split('data-sign="')[1:]]


# Coverage


def test_the_signs_say_can_does_covers_and_no(acme, client_as):
    """R1.2: the right, the duty, the cover."""
    make_channel(acme, "mastodon")
    duty_of(acme, "jun", "farah", scopes=[(NETWORK, "mastodon")])
    change_profile(member=fresh(acme.cleo), networks=["newsroom"], by=acme.actor("ana"))
    client = client_as(acme.vera)
    page = text(client.get(TEAM))
    assert signs(page, acme.jun) == ["can", "does"]
    assert signs(page, acme.cleo) == ["can", "none"]
    assert signs(page, acme.vera) == ["none", "none"]
    away(acme, "jun")
    page = text(client.get(TEAM))
    assert signs(page, acme.farah) == ["can", "covers"]
    assert "Away until" in page


def test_a_restricted_channel_is_for_those_with_a_grant(acme, client_as):
    from networks.services.grants import restrict_channel, set_grant
    from networks.states import GrantLevel

    channel = make_channel(acme, "mastodon")
    by = acme.actor("ana")
    restrict_channel(channel=channel, is_restricted=True, by=by)
    set_grant(channel=channel, holder=fresh(acme.farah), level=GrantLevel.WRITE, by=by)
    page = text(client_as(acme.ana).get(TEAM))
    assert (signs(page, acme.farah)[1], signs(page, acme.ben)[1], signs(page, acme.cleo)[1]) == (
        "can",
        "none",
        "can",
    )


def test_only_one_person_left_is_named_below_and_above_the_table(acme, client_as):
    make_channel(acme, "mastodon")
    for name in ("ana", "ben", "cleo", "farah"):
        change_profile(member=fresh(getattr(acme, name)), networks=["newsroom"], by=acme.actor("ana"))
    page = text(client_as(acme.vera).get(TEAM))
    assert 'class="cell thin">Only Jun<' in page
    assert "Only one person can do this now: <b>Mastodon</b>" in page
    away(acme, "jun")
    page = text(client_as(acme.vera).get(TEAM))
    assert "<b>Mastodon</b> has nobody here who can write for it" in page


def test_the_moderator_stands_below_with_who_acts(acme, client_as):
    """R1.4: nobody is red; a list for the channel comes before the list for everything."""
    channel = newsroom_of(acme)
    client = client_as(acme.cleo)
    page = text(client.get(TEAM))
    assert "<b>Newsroom</b> has no moderator" in page
    address = f"{TEAM}moderators/{channel.pk}/"
    assert address in page
    client.post(address, {"member": acme.ana.pk, "backup_1": acme.farah.pk})
    set_backups(member=fresh(acme.ana), backups=[fresh(acme.ben)], by=acme.actor("ana"))
    page = text(client.get(TEAM))
    assert "has no moderator" not in page
    away(acme, "ana")
    assert "Farah <small>for Ana</small>" in text(client.get(TEAM))
    assert Backup.objects.get(scope_type=CHANNEL).backup_id == acme.farah.pk


def test_a_backup_of_no_moderator_is_refused_with_what_was_chosen(acme, client_as):
    response = client_as(acme.cleo).post(
        f"{TEAM}moderators/{newsroom_of(acme).pk}/", {"member": "", "backup_1": acme.farah.pk}
    )
    assert response.status_code == 422
    assert f'value="{acme.farah.user.name}"' in response.content.decode()
    assert not Moderator.objects.exists()


# Gaps


def gaps_on_the_list(acme, name: str) -> set[str]:
    items = work_of(acme.actor(name), now(), ZoneInfo("Asia/Kuala_Lumpur")).items
    return {f"{item.title}: {item.why}" for item in items if item.kind == "gap"}


def test_gaps_stay_until_they_are_mended_and_are_work_for_leads(acme, client_as):
    """R1.3, R1.5, R1.11: duty, channel and member; on the page in red, on the lead's list, gone when mended."""
    Duty.objects.all().delete()
    duty = duty_of(acme, None, name="Crisis watch")
    client = client_as(acme.cleo)
    page = text(client.get(TEAM))
    assert "<b>Crisis watch</b> has no owner" in page
    assert "<b>Newsroom</b> is looked after by nobody" in page
    assert "more people have no backup" in page
    assert gaps_on_the_list(acme, "cleo") == {
        "Crisis watch: has no owner",
        "1 channel has no moderator: who looks after what",
        "1 channel is looked after by nobody: who looks after what",
        "6 people have no backup: who looks after what",
    }
    assert gaps_on_the_list(acme, "ben") == set()
    assert "Crisis watch" in text(client.get("/w/acme/work/"))
    back_everybody(acme)
    name_moderator(channel_id=newsroom_of(acme).pk, member=fresh(acme.jun), by=acme.actor("cleo"))
    client.post(
        f"{TEAM}duties/{duty.pk}/",
        {"kind": "engagement", "name": "Crisis watch", "owner": acme.jun.pk, "scopes": ["network:newsroom"]},
    )
    assert gaps_on_the_list(acme, "cleo") == set()
    assert "team-gaps" not in text(client.get(TEAM))


def test_a_duty_whose_owner_has_no_backup_says_so_in_its_row(acme, client_as):
    duty = duty_of(acme, "jun", name="Answers")
    page = text(client_as(acme.cleo).get(TEAM + "duties/"))
    row = page.split(f'id="duty-row-{duty.pk}"')[1].split("</li>")[0]
    assert "Nobody" in row
    set_backups(member=fresh(acme.jun), backups=[fresh(acme.farah)], by=acme.actor("jun"))
    page = text(client_as(acme.cleo).get(TEAM + "duties/"))
    row = page.split(f'id="duty-row-{duty.pk}"')[1].split("</li>")[0]
    assert ("Nobody" in row, "Farah" in row) == (False, True)


def test_too_much_work_is_named_while_others_have_time(acme, client_as):
    duty_of(acme, "jun", "ben", minutes=43 * 60)
    page = text(client_as(acme.cleo).get(TEAM))
    assert "<b>Jun</b> has 3 hours too many this week while others have time" in page
    assert "<b>43 h</b>, 3 h too many" in page


# Duties as pages


def test_a_lead_writes_changes_orders_and_drops_a_duty(acme, client_as):
    client = client_as(acme.cleo)
    client.post(
        TEAM + "duties/new/",
        {
            "kind": "service",
            "new_kind": "Reports",
            "name": "Monthly report",
            "owner": acme.ben.pk,
            "backup_1": acme.jun.pk,
            "backup_2": acme.farah.pk,
            "effort_hours": "2.5",
            "scopes": ["network:newsroom", f"{CHANNEL}:{newsroom_of(acme).pk}"],
        },
    )
    duty = Duty.objects.get(name="Monthly report")
    assert (str(duty.kind), duty.effort_minutes, duty.owner_id) == ("Reports", 150, acme.ben.pk)
    page = text(client.get(f"{TEAM}duties/{duty.pk}/"))
    assert 'value="2.5"' in page
    assert f'value="{acme.farah.user.name}"' in page
    client.post(f"{TEAM}duties/{duty.pk}/place/", {"place": "1"})
    assert Duty.objects.order_by("position").first() == duty
    client.post(f"{TEAM}duties/{duty.pk}/ending/")
    assert f"duty-row-{duty.pk}" not in text(client.get(TEAM + "duties/"))


def test_a_form_that_cannot_be_kept_keeps_what_was_typed(acme, client_as):
    response = client_as(acme.cleo).post(
        TEAM + "duties/new/", {"kind": "service", "name": "Kept", "backup_1": acme.jun.pk}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Kept"' in page
    assert "Name an owner first" in page


def test_others_see_duties_and_get_no_forms(acme, client_as):
    duty = duty_of(acme, "jun", "farah", name="Answers")
    client = client_as(acme.vera)
    page = text(client.get(f"{TEAM}duties/{duty.pk}/"))
    assert "Save the duty" not in page
    read = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Owner J Jun Wong Backup Farah Aziz Hours a week 1 h Where The whole workspace" in read
    assert client.post(f"{TEAM}duties/{duty.pk}/", {}).status_code == 403
    assert client.get(TEAM + "duties/new/").status_code == 403


# Load and handing over


def test_both_bars_are_shown_before_a_duty_is_handed_on(acme, client_as):
    duty = duty_of(acme, "jun", "ben", minutes=600, name="Answers")
    client = client_as(acme.cleo)
    assert f'data-drop-member="{acme.farah.pk}"' in text(client.get(TEAM + "load/"))
    page = text(client.get(f"{TEAM}duties/{duty.pk}/owner/", {"to": acme.farah.pk}))
    assert "Hand Answers to Farah Aziz?" in page
    bars = [part.split("</b>")[0] for part in page.split("<span><b>")[1:]]
    assert bars == ["10 h", "0 h", "0 h", "10 h"]
    fragment = client.get(f"{TEAM}duties/{duty.pk}/owner/", {"to": acme.farah.pk}, HTTP_HX_REQUEST="true")
    assert fragment.content.decode().lstrip().startswith('<div id="move-preview">')
    assert Duty.objects.get(pk=duty.pk).owner_id == acme.jun.pk
    client.post(f"{TEAM}duties/{duty.pk}/owner/", {"to": acme.farah.pk})
    assert Duty.objects.get(pk=duty.pk).owner_id == acme.farah.pk


def test_people_shows_what_is_theirs(acme, client_as):
    duty_of(acme, "jun", "farah", name="Answers")
    name_moderator(channel_id=newsroom_of(acme).pk, member=fresh(acme.jun), by=acme.actor("cleo"))
    set_backups(member=fresh(acme.ben), backups=[fresh(acme.jun)], by=acme.actor("ana"))
    change_profile(member=fresh(acme.jun), languages=["ms", "zh"], by=acme.actor("ana"))
    card = (
        text(client_as(acme.vera).get(TEAM + "people/"))
        .split(f'id="person-{acme.jun.pk}"')[1]
        .split("</li>")[0]
    )
    assert all(word in card for word in ("Answers", "Newsroom", "Ben", "Nobody", "Bahasa Melayu, 中文"))


# Proposals


def test_proposals_are_ranked_with_reasons_and_taken_over_by_one_click(acme, client_as):
    """R1.5: rights, time, zone, languages."""
    for name, languages in (("jun", ["ms", "zh"]), ("ben", ["ms", "zh"]), ("farah", ["en"])):
        change_profile(member=fresh(getattr(acme, name)), languages=languages, by=acme.actor("ana"))
    duty_of(acme, "farah", "ana", minutes=40 * 60)
    client = client_as(acme.cleo)
    page = text(client.get(f"/w/acme/members/{acme.jun.pk}/proposals/"))
    names = [part.split("<small>")[0] for part in page.split("<p>")[1:] if "<small>" in part]
    assert names[0] == "Ben Tan"
    assert names.index("Farah Aziz") > names.index("Ben Tan")
    ben = page.split("<p>Ben Tan<small>")[1].split("</small>")[0]
    assert ben == (
        "holds every right that is needed · has 40 hours left this week · same time zone"
        " · speaks Bahasa Melayu and 中文 too · backs nobody yet"
    )
    farah = page.split("<p>Farah Aziz<small>")[1].split("</small>")[0]
    assert all(words in farah for words in ("lacks", "no time left", "shares no language"))
    client.post(f"/w/acme/members/{acme.jun.pk}/proposals/", {"backup": acme.ben.pk})
    assert Backup.objects.get(member=acme.jun).backup_id == acme.ben.pk
    again = text(client.get(f"/w/acme/members/{acme.jun.pk}/proposals/"))
    assert "<p>Ben Tan<small>" not in again


def test_nobody_sets_the_backups_of_others_without_the_right(acme, client_as):
    response = client_as(acme.ben).post(f"/w/acme/members/{acme.jun.pk}/proposals/", {"backup": acme.ben.pk})
    assert response.status_code == 403
    assert not Backup.objects.filter(member=acme.jun).exists()


# Exports


def test_exports_carry_everything_and_no_formulas(acme, client_as):
    duty_of(acme, "jun", "farah", name='=HYPERLINK("http://x")')
    client = client_as(acme.vera)
    rows = list(csv.reader(io.StringIO(client.get(TEAM + "export.csv").content.decode("utf-8-sig"))))
    assert rows[0] == ["What", "Kind of work", "Where", "Owner", "Acting now", "Backups", "Hours a week"]
    line = next(row for row in rows if "HYPERLINK" in row[0])
    assert line[0] == '\'=HYPERLINK("http://x")'
    assert line[3:] == ["Jun Wong", "", "Farah Aziz", "1.0"]
    assert ["Moderator", "", "Newsroom", "nobody", "", "", ""] in rows
    response = client.get(TEAM + "export.xlsx")
    assert response["Content-Disposition"].endswith('.xlsx"')
    sheet = load_workbook(io.BytesIO(response.content)).worksheets[0]
    found = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    assert found == rows
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_is_made_harmless(start):
    assert harmless(start + "1+1")[0] in "' "
    assert harmless("Kopi = good") == "Kopi = good"


# Cost


def statements(client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len([query for query in found if "SAVEPOINT" not in query["sql"]])


def test_the_team_page_costs_twelve_statements_however_many_members(acme, client_as):
    cache.clear()
    client = client_as(acme.cleo)
    costs = []
    for size in (10, 200):
        for number in range(Membership.objects.filter(status="active").count(), size):
            member = make_member(
                acme.acme, make_user(f"Member {number}", f"m{number}@acme.test"), RoleKey.MANAGER
            )
            if number % 10 == 0:
                set_backups(member=fresh(member), backups=[fresh(acme.jun)], by=acme.actor("ana"))
                duty_of(acme, None, name=f"Duty {number}", scopes=[(CHANNEL, str(newsroom_of(acme).pk))])
        away(acme, "jun" if size == 10 else "ben")
        costs.append({view: statements(client, TEAM + view) for view in ("", "duties/", "load/", "people/")})
    assert costs[0] == costs[1]
    shell = statements(client, "/w/acme/rights/")
    assert costs[0][""] - shell <= OWN_STATEMENTS, costs
    with CaptureQueriesContext(connection) as found:
        client.get(TEAM)
    assert len([query for query in found if is_counted(query["sql"])]) <= 12
