"""Files in (R4.5): named errors, good rows in, a second upload changes and does not double, nothing around approval."""

import csv
import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from openpyxl import Workbook

from approvals.models import Request
from approvals.services.decisions import decide
from calendar_app.exports import post_table
from calendar_app.importing import rows_of, tally_of
from calendar_app.models import Import, ImportRow, Post, Revision
from calendar_app.selectors import PostFilter, content_of, get_post
from calendar_app.services import arrivals
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.imports import read_again, rescue_imports, start_import, stop_import, upload_file
from calendar_app.services.posts import save_post
from calendar_app.services.reviews import submit_post
from core.errors import Invalid, NotAllowed
from teams import sheets
from tests.factories.posts import make_channel, make_post, newsroom_of, soon

ZONE = "Asia/Kuala_Lumpur"
AT = datetime(2031, 3, 19, 1, 30, tzinfo=UTC)
HEADS = ["Row id", "Day", "Time", "Channels", "Title", "Text", "Campaign", "Labels", "Language"]


def as_csv(rows, mark=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=mark).writerows(rows)
    return stream.getvalue().encode()


def brought(cast, content, *, by="ben", name="plan.csv", **fields):
    """Upload a file and let a worker read it."""
    if not isinstance(content, bytes):
        content = as_csv(content)
    source = upload_file(file=SimpleUploadedFile(name, content), name=name, by=cast.actor(by), **fields)
    arrivals.work_on_import(workspace_id=cast.acme.pk, import_id=source.pk)
    source.refresh_from_db()
    return source


def taken(cast, content, *, by="ben", submits=False, may_unapprove=False, **fields):
    """Upload a file, have it read, and take its rows in."""
    source = brought(cast, content, by=by, **fields)
    start_import(source=source, submits=submits, may_unapprove=may_unapprove, by=cast.actor(by))
    arrivals.work_on_import(workspace_id=cast.acme.pk, import_id=source.pk)
    source.refresh_from_db()
    return source


def row(*cells, **named):
    """Return a row for HEADS: what is not given is a post for the newsroom on a morning."""
    usual = {
        "id": "",
        "day": "2031-03-19",
        "time": "09:30",
        "channels": "Newsroom",
        "title": "",
        "text": "Kopi",
    }
    usual |= dict(zip(usual, cells, strict=False)) | named
    return [*usual.values(), *cells[len(usual) :]]


def problems(source):
    return {
        (problem["cell"], problem["blocking"]): problem["message"]
        for each in rows_of(source)
        for problem in each.problems
    }


def exported(cast, by="ben"):
    return post_table(cast.actor(by), PostFilter(with_archived=True), ZONE)


def test_good_rows_come_in_and_the_others_are_named_by_cell(acme):
    create_campaign(
        workspace=acme.acme, name="Raya", starts_on=AT.date(), ends_on=AT.date(), by=acme.actor("ben")
    )
    source = taken(
        acme,
        [
            HEADS,
            row("", "2031-03-19", "09:30", "Newsroom", "A", "Kopi Raya", "raya", "menu, sale", "English"),
            row("", "31/02/2031", "09:30"),
            row("", "2031-03-19", "half nine"),
            row("", "2031-03-20", "09:30", "Nowhere"),
            row("", "", "", "Newsroom", "", ""),
            row("", "", "", "Newsroom", "No text", ""),
            row("", "2020-03-19", "09:30"),
            row("", "2031-03-21", "09:30", "Newsroom", "", "B", "No such campaign"),
            row("", "2031-03-21", "09:30", "Newsroom", "", "C", "", "x" * 61),
        ],
    )

    assert [error for error in sorted(problems(source)) if error[1]] == [
        ("B3", True), ("B8", True), ("C4", True), ("D5", True), ("F6", True), ("G9", True), ("H10", True),
    ]  # fmt: skip
    posts = {post.headline: post for post in Post.objects.all()}
    assert sorted(posts) == ["A", "No text"]
    made = posts["A"]
    assert (made.state, made.scheduled_at, made.language) == ("draft", AT, "en")
    assert made.campaign.name == "Raya"
    assert sorted(made.labels.values_list("name", flat=True)) == ["menu", "sale"]
    assert content_of(made).text == "Kopi Raya"
    assert made.author == acme.ben


def test_nothing_comes_in_before_its_maker_says_so(acme):
    source = brought(acme, [HEADS, row()])

    assert (source.state, source.total, source.read_count) == ("ready", 1, 1)
    assert Post.objects.count() == 0


def test_a_second_upload_changes_the_posts_of_the_first(acme):
    first = [HEADS, row("ab12-001", text="One"), row("ab12-002", text="Two"), row("", text="Without an id")]
    taken(acme, first)
    second = taken(
        acme, [HEADS, row("ab12-001", text="One, mended"), first[2], first[3], row("ab12-003", text="Three")]
    )

    tally = tally_of(second)
    assert (tally.changed, tally.same, tally.made) == (1, 2, 1)
    assert sorted(Post.objects.values_list("headline", flat=True)) == [
        "One, mended", "Three", "Two", "Without an id",
    ]  # fmt: skip


def test_what_was_changed_here_meanwhile_is_not_taken_back(acme):
    """A file's row that nobody touched undoes no later edit; one that was changed on both sides is a clash."""
    taken(acme, [HEADS, row("ab12-001", text="One"), row("ab12-002", text="Two")])
    one, two = Post.objects.order_by("id")
    for post in (one, two):
        found = get_post(acme.actor("ben"), post.pk)
        save_post(post=found, expected_number=1, text="Edited here", by=acme.actor("ben"))
    again = taken(acme, [HEADS, row("ab12-001", text="One"), row("ab12-002", text="Edited in the file")])

    assert {content_of(get_post(acme.actor("ben"), post.pk)).text for post in (one, two)} == {"Edited here"}
    assert problems(again) == {
        ("F3", True): "Text was changed here too since the file was made. It now says “Edited here”."
    }


def test_a_move_made_here_meanwhile_stands(acme):
    taken(acme, [HEADS, row("ab12-001", text="One")])
    post = get_post(acme.actor("ben"), Post.objects.get().pk)
    save_post(post=post, expected_number=1, scheduled_at=AT + timedelta(days=3), by=acme.actor("ben"))
    again = taken(acme, [HEADS, row("ab12-001", text="One, longer")])

    post.refresh_from_db()
    assert (post.headline, post.scheduled_at) == ("One, longer", AT + timedelta(days=3))
    assert problems(again) == {}


def hard_posts(cast):
    """Posts whose words and names try a table: formulas, quotes, lines, commas in names, one name twice."""
    ben = cast.actor("ben")
    twins = [make_channel(cast, name="Kopi, Acme"), make_channel(cast, "bluesky", name="Kopi, Acme")]
    day = soon(days=40)
    texts = [
        "=1+1",
        "'=1+1",
        "''@x",
        "-1 kopi",
        "'Tis coffee",
        'He said "hi",\nthen\n\nleft ',
        "\tTab",
        "Ende",
    ]
    made = [make_post(cast, text, scheduled_at=day, channels=twins) for text in texts]
    made += [
        make_post(cast, "Two", channels=[newsroom_of(cast)], title="+Title"),
        make_post(cast, "x" * 40_000),
    ]
    campaign = create_campaign(
        workspace=cast.acme, name="=Raya, the 1st", starts_on=day.date(), ends_on=day.date(), by=ben
    )
    made.append(make_post(cast, "With", campaign=campaign.pk, language="ms", scheduled_at=day))
    for state in ("open", "approved"):
        post = make_post(cast, state, scheduled_at=day)
        submit_post(post=get_post(ben, post.pk), by=ben)
    request = Request.objects.get(subject_id=post.pk)
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor("cleo"))
    return made


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "ms"])
def test_an_export_read_back_in_changes_nothing(acme, ending, language):
    hard_posts(acme)
    before = list(Revision.objects.order_by("id").values_list("id", flat=True))
    with translation.override(language):
        table = exported(acme)
    content = sheets.as_csv(table) if ending == "csv" else sheets.as_xlsx(table, title="Posts")
    source = taken(acme, content, name=f"posts.{ending}")

    assert problems(source) == {}
    tally = tally_of(source)
    assert (tally.same, tally.create, tally.update, tally.bad) == (Post.objects.count(), 0, 0, 0)
    assert list(Revision.objects.order_by("id").values_list("id", flat=True)) == before
    with translation.override(language):
        assert exported(acme) == table


def test_a_changed_cell_of_an_export_changes_that_and_nothing_else(acme):
    hard_posts(acme)
    table = exported(acme)
    text, day = table[0].index("Text"), table[0].index("Day")
    chosen = next(row for row in table if row[text] == "Ende")
    before = content_of(get_post(acme.actor("ben"), chosen[0]))
    chosen[text], chosen[day] = "=Ende!", "2031-03-19"
    tally = tally_of(taken(acme, sheets.as_csv(table)))

    assert (tally.changed, tally.refused, tally.bad) == (1, 0, 0)
    after = content_of(get_post(acme.actor("ben"), chosen[0]))
    time = chosen[table[0].index("Time")]
    local = datetime.fromisoformat(after.scheduled_at).astimezone(ZoneInfo(ZONE))
    assert (after.text, f"{local:%Y-%m-%d %H:%M}") == ("=Ende!", f"2031-03-19 {time}")
    assert after.channels == before.channels


@pytest.mark.parametrize(
    ("lines", "order", "instant"),
    [
        (["19/03/2031 09:30,Kopi,https://acme.test/a"], "dmy", AT),
        (["03/19/2031 9:30 am,Kopi,https://acme.test/a"], "mdy", AT),
        (["2031-03-19T09:30,Kopi,https://acme.test/a"], "", AT),
        (["Date and time,Message,Link", "19.03.2031 09:30,Kopi,https://acme.test/a"], "dmy", AT),
    ],
)
def test_a_planners_three_columns_are_read_in_either_order_of_days(acme, lines, order, instant):
    channel = newsroom_of(acme)
    source = taken(acme, "\r\n".join(lines).encode(), channels=[str(channel.pk)])

    post = Post.objects.get()
    assert (source.date_order, post.scheduled_at) == (order, instant)
    assert content_of(post).text == "Kopi\n\nhttps://acme.test/a"
    assert content_of(post).channels == (str(channel.pk),)
    assert tally_of(taken(acme, "\r\n".join(lines).encode(), channels=[str(channel.pk)])).same == 1


def test_days_that_could_be_either_are_said_and_can_be_turned(acme):
    source = brought(acme, b"03/04/2031 09:30,Kopi,\n")
    assert (source.is_either, rows_of(source).get().scheduled_at.day) == (True, 3)

    read_again(source=source, date_order="mdy", channels=[], by=acme.actor("ben"))
    arrivals.work_on_import(workspace_id=acme.acme.pk, import_id=source.pk)
    assert rows_of(source).get().scheduled_at.month == 3


def test_a_semicolon_file_in_an_old_encoding_is_read(acme):
    source = brought(acme, as_csv([HEADS, row(text="Café")], ";").decode().encode("cp1252"))

    assert rows_of(source).get().wanted["text"] == "Café"


def test_cells_that_a_spreadsheet_typed_are_read(acme):
    book = Workbook()
    sheet = book.active
    sheet.append(["Our plan for March"])
    sheet.append([])
    sheet.append(["Text", "Day", "Time", "Colour"])
    sheet.append(["Kopi", AT.date(), datetime(2031, 1, 1, 9, 30).time(), "red"])  # a cell has no zone
    stream = io.BytesIO()
    book.save(stream)
    source = taken(acme, stream.getvalue(), name="plan.xlsx")

    assert Post.objects.get().scheduled_at == AT
    assert (source.unknown, rows_of(source).get().number) == (["Colour"], 4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 no zip", "cannot be read"),
        (b"a,b\n1,2\n", "No row names the columns"),
        (b'Day,Text\n2031-03-19,"never closed\n', "quotation mark"),
        (b"Day,Text\n", "no rows"),
        (b"\x00\x01\x02", "neither"),
        (as_csv([HEADS, *[row(text=str(n)) for n in range(10_001)]]), "more than 10,000"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(acme, content, words):
    source = brought(acme, content)

    assert source.state == "failed"
    assert words in source.failure
    assert ImportRow.objects.count() == 0


def test_who_may_not_write_brings_no_files(acme):
    with pytest.raises(NotAllowed):
        brought(acme, [HEADS, row()], by="vera")
    with pytest.raises(Invalid):
        upload_file(
            file=SimpleUploadedFile("big.csv", b"x" * (10 * 1024 * 1024 + 1)),
            name="big.csv",
            by=acme.actor("ben"),
        )


def test_rows_are_taken_in_with_the_rights_of_who_brought_them(acme):
    """Farah edits only own drafts; a post of Ben's in her file is refused, and the next row comes in all the same."""
    bens = make_post(acme, "Ben's")
    source = taken(acme, [HEADS, row(str(bens.pk), text="Taken over"), row(text="Farah's own")], by="farah")

    assert [(each.state, each.action) for each in rows_of(source)] == [
        ("refused", "update"),
        ("done", "create"),
    ]
    bens.refresh_from_db()
    assert bens.headline == "Ben's"


def test_a_channel_that_one_may_not_use_is_named(acme):
    make_channel(acme, name="Secret", is_restricted=True)
    source = brought(acme, [HEADS, row(channels="Secret")], by="farah")

    assert list(problems(source)) == [("D2", True)]


def approved_post(cast):
    ben = cast.actor("ben")
    post = make_post(cast, "Approved", scheduled_at=soon(days=9))
    submit_post(post=get_post(ben, post.pk), by=ben)
    request = Request.objects.get(subject_id=post.pk)
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=cast.actor("cleo"))
    post.refresh_from_db()
    return post


def test_an_approved_post_is_changed_only_where_that_was_said(acme):
    post = approved_post(acme)
    changed = [HEADS, row(str(post.pk), "", "", text="Other words")]
    refused = taken(acme, changed)
    post.refresh_from_db()
    assert (post.state, rows_of(refused).get().state) == ("scheduled", "refused")

    taken(acme, changed, may_unapprove=True)
    post.refresh_from_db()
    assert (post.state, post.headline) == ("draft", "Other words")


def test_submitted_rows_wait_for_an_approval_and_what_cannot_go_out_stays_a_draft(acme):
    make_channel(acme)
    source = taken(acme, [HEADS, row(text="Fine"), row(text="x" * 900, channels="Mastodon")], submits=True)

    assert dict(Post.objects.order_by("id").values_list("headline", "state")) == {
        "Fine": "in_review",
        "x" * 119 + "…": "draft",
    }
    assert "It stays a draft" in problems(source)["3", False]


def test_a_worker_that_dies_loses_nothing_and_doubles_nothing(acme, monkeypatch):
    """The second worker goes on where the first one's last transaction ended."""
    source = brought(acme, [HEADS, *[row(text=f"Post {n}") for n in range(50)]])
    start_import(source=source, by=acme.actor("ben"))
    made = arrivals.create_from
    calls = []

    def dies(**fields):
        calls.append(fields)
        if len(calls) == 33:
            raise KeyboardInterrupt
        return made(**fields)

    monkeypatch.setattr(arrivals, "create_from", dies)
    with pytest.raises(KeyboardInterrupt):
        arrivals.work_on_import(workspace_id=acme.acme.pk, import_id=source.pk)
    source.refresh_from_db()
    assert (source.done_count, Post.objects.count()) == (20, 20)

    arrivals.work_on_import(workspace_id=acme.acme.pk, import_id=source.pk)
    assert Post.objects.count() == 20, "its lease still stands"
    Import.objects.update(lease_until=source.created_at - timedelta(minutes=5))
    assert rescue_imports() == 1
    arrivals.work_on_import(workspace_id=acme.acme.pk, import_id=source.pk)
    source.refresh_from_db()
    assert (source.state, source.done_count, Post.objects.count()) == ("done", 50, 50)


def test_what_was_stopped_goes_on_later(acme, monkeypatch):
    source = brought(acme, [HEADS, *[row(text=f"Post {n}") for n in range(30)]])
    ben = acme.actor("ben")
    start_import(source=source, by=ben)
    arrivals._take_some(acme.acme.pk, source.pk, arrivals_lease(source))
    stop_import(source=source, by=ben)
    arrivals.work_on_import(workspace_id=acme.acme.pk, import_id=source.pk)
    assert Post.objects.count() == 20

    start_import(source=source, by=ben)
    arrivals.work_on_import(workspace_id=acme.acme.pk, import_id=source.pk)
    assert Post.objects.count() == 30


def arrivals_lease(source):
    """Claim a file as a worker does and return the lease."""
    token = source.pk
    assert arrivals._claim(source.pk, token) is not None
    return token
