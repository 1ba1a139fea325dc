"""The pages around files of posts, as people use them: template, upload, look, take in, progress, notice."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from activity.models import Entry
from calendar_app import receivers
from calendar_app.columns import column_called
from calendar_app.models import Import, Post
from calendar_app.services import arrivals
from calendar_app.services.campaigns import create_campaign
from core.clock import now
from notifications.models import Notice
from teams.tenancy import workspace_scope
from tests.factories.posts import make_channel
from tests.support.workers import Fleet

PLACE = "/w/acme/posts/imports/"
GOOD = b"Row id,Day,Time,Channels,Text\r\nk-001,2031-03-19,09:30,Newsroom,Kopi\r\n"
BAD = b"k-002,2031-03-19,09:30,Nowhere,Kopi two\r\n"


def work(cast):
    for source in Import.objects.filter(state__in=("reading", "running")).values_list("pk", flat=True):
        arrivals.work_on_import(workspace_id=cast.acme.pk, import_id=source)


@pytest.mark.parametrize("language", ["en", "ms"])
def test_the_template_offers_what_there_is_and_comes_back_in(acme, client_as, language):
    make_channel(acme, name="=Kopi")
    create_campaign(
        workspace=acme.acme, name="Raya", starts_on=now().date(), ends_on=now().date(), by=acme.actor("ben")
    )
    ben = client_as(acme.ben)
    acme.ben.user.language = language
    acme.ben.user.save()
    book = load_workbook(io.BytesIO(ben.get(f"{PLACE}template.xlsx").content))
    sheet, guide, lists = book.worksheets

    names = [column_called(cell.value) for cell in sheet[1]]
    assert names[:6] == ["row_id", "day", "time", "channels", "title", "text"]
    assert None not in names
    words = {cell.value for column in guide.iter_cols() for cell in column if cell.value}
    assert {"English", "Bahasa Melayu", "Text", "Teks"} <= words
    assert lists.sheet_state == "hidden"
    assert [cell.value for cell in lists["A"] if cell.value] == ["Newsroom", "'=Kopi"]
    assert [cell.value for cell in lists["B"] if cell.value] == ["Raya"]
    rules = {str(rule.sqref): rule.type for rule in sheet.data_validations.dataValidation}
    assert {rules["B2:B301"], rules["C2:C301"], rules["D2:D301"]} == {"date", "time", "list"}

    for number, text in ((2, "One"), (3, "Two")):
        sheet.cell(number, names.index("text") + 1, text)
        sheet.cell(number, names.index("channels") + 1, "'=Kopi, Newsroom")
    stream = io.BytesIO()
    book.save(stream)
    for _time in range(2):
        ben.post(PLACE, {"file": SimpleUploadedFile("t.xlsx", stream.getvalue())})
        work(acme)
        source = Import.objects.latest("id")
        ben.post(f"{PLACE}{source.pk}/arrival/")
        work(acme)
    assert Post.objects.count() == 2
    assert Post.objects.earliest("id").post_channels.count() == 2


def test_a_file_is_looked_at_and_then_taken_in(acme, client_as):
    ben = client_as(acme.ben)
    answer = ben.post(PLACE, {"file": SimpleUploadedFile("März.csv", GOOD + BAD)})
    place = answer["Location"]
    assert "Reading the file" in ben.get(place).content.decode()
    work(acme)
    page = ben.get(place).content.decode()
    assert "Take 1 row in" in page
    assert "There is no channel “Nowhere”." in page
    assert '<b class="num">D3</b>' in page
    assert Post.objects.count() == 0

    ben.post(f"{place}arrival/")
    page = ben.get(place).content.decode()
    assert "Taking rows in" in page
    assert 'value="0"' in page
    work(acme)
    page = ben.get(f"{place}?rows=create").content.decode()
    assert f'href="/w/acme/posts/{Post.objects.get().pk}/"' in page
    assert 'hx-trigger="load' not in page


def test_a_notice_comes_when_it_is_done(acme, client_as):
    ben = client_as(acme.ben)
    place = ben.post(PLACE, {"file": SimpleUploadedFile("plan.csv", GOOD)})["Location"]
    work(acme)
    ben.post(f"{place}arrival/")
    work(acme)
    receivers.tell_who_brought(Entry.objects.get(verb="calendar_app.import.finished"))

    notice = Notice.objects.get(member=acme.ben, type="calendar_app.import_finished")
    assert ben.get(f"/w/acme/notices/{notice.pk}/")["Location"] == place
    assert "“plan.csv” is taken in" in ben.get("/w/acme/notices/").content.decode()


def test_what_is_no_file_is_refused_on_the_page(acme, client_as):
    ben = client_as(acme.ben)
    answer = ben.post(PLACE, {})

    assert answer.status_code == 422
    assert "Choose a file first." in answer.content.decode()


def test_files_are_their_makers_alone(acme, client_as):
    place = client_as(acme.ben).post(PLACE, {"file": SimpleUploadedFile("plan.csv", GOOD)})["Location"]

    assert client_as(acme.ana).get(place).status_code == 404
    assert client_as(acme.ana).post(f"{place}arrival/").status_code == 404
    assert client_as(acme.vera).get(PLACE).status_code == 403
    assert "plan.csv" not in client_as(acme.ana).get(PLACE).content.decode()


def test_a_forgotten_file_leaves_its_posts(acme, client_as):
    ben = client_as(acme.ben)
    place = ben.post(PLACE, {"file": SimpleUploadedFile("plan.csv", GOOD)})["Location"]
    work(acme)
    ben.post(f"{place}arrival/")
    assert ben.post(f"{place}removal/").status_code == 409
    work(acme)
    ben.post(f"{place}removal/")

    assert (Import.objects.count(), Post.objects.count()) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_reads_and_takes_in(live_cast, client_as, tmp_path):
    """The message, the worker and the rows between them: nobody calls anything by hand."""
    rows = b"".join(b"k-%03d,2031-03-19,09:30,Newsroom,Kopi %d\r\n" % (n, n) for n in range(2, 60))
    fleet = Fleet(tmp_path)
    fleet.start("worker")
    try:
        ben = client_as(live_cast.ben)
        place = ben.post(PLACE, {"file": SimpleUploadedFile("plan.csv", GOOD + rows)})["Location"]

        def state():
            with workspace_scope(live_cast.acme.pk):
                return Import.objects.get().state

        fleet.wait_for(lambda: state() == "ready", 60, "the file is read")
        ben.post(f"{place}arrival/")
        fleet.wait_for(lambda: state() == "done", 60, "the rows are in")
    finally:
        fleet.stop()
    with workspace_scope(live_cast.acme.pk):
        assert Post.objects.count() == 59
