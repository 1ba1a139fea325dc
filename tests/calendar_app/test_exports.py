"""The list as a file (R4.5): what its filters show, as one sees it, with nothing that a spreadsheet would run."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel, make_post

AT = datetime(2030, 3, 19, 1, tzinfo=UTC)
LIST = "/w/acme/posts/"


@pytest.fixture
def mastodon(cast):
    """Posts on two channels, one with a text that a spreadsheet would take for a formula."""
    with workspace_scope(cast.acme.pk):
        found = make_channel(cast)
        make_post(cast, "Kopi, “Raya”\nis back", scheduled_at=AT)
        make_post(cast, '=HYPERLINK("http://evil.test","Win")', channels=[found])
    return found


def lines(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_list_leaves_as_csv_with_times_by_the_workspaces_clock(cast, client_as, mastodon):
    heading, first, second = lines(client_as(cast.vera).get(f"{LIST}export.csv"))

    assert heading[1:4] == ["Day", "Time", "Zone"]
    assert first[1:6] == ["2030-03-19", "09:00", "Asia/Kuala_Lumpur", "Draft", "Newsroom"]
    assert first[7] == "Kopi, “Raya”\nis back"
    assert second[1:4] == ["", "", ""]


def test_no_cell_is_taken_for_a_formula(cast, client_as, mastodon):
    ben = client_as(cast.ben)

    assert lines(ben.get(f"{LIST}export.csv"))[2][7] == '\'=HYPERLINK("http://evil.test","Win")'
    sheet = load_workbook(io.BytesIO(ben.get(f"{LIST}export.xlsx").content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [str(cell.value) for cell in cells if str(cell.value).startswith(("=", "+", "-", "@"))] == []


def test_the_file_holds_what_the_filters_show(cast, client_as, mastodon):
    found = lines(client_as(cast.ben).get(f"{LIST}export.csv?channel={mastodon.pk}"))

    assert [row[5] for row in found[1:]] == ["Mastodon"]
    page = client_as(cast.ben).get(f"{LIST}?channel={mastodon.pk}").content.decode()
    assert f'href="{LIST}export.xlsx?channel={mastodon.pk}"' in page


def test_a_file_costs_the_same_however_many_posts(cast, client_as, mastodon):
    ben = client_as(cast.ben)
    ben.get(f"{LIST}export.csv")
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            ben.get(f"{LIST}export.csv")
        counts.append(len(queries))
        with workspace_scope(cast.acme.pk):
            for number in range(5):
                make_post(cast, f"More {number}", scheduled_at=AT)

    assert counts[0] == counts[1]
