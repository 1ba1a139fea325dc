"""Pictures and videos that are approved on their own: another file is another version (issue 4, line 10)."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from activity.services.sealing import seal_everything
from approvals.certificates import certificate
from approvals.selectors import clearance_for, request_of
from approvals.services.decisions import decide
from core.errors import Invalid, NotAllowed, WrongState
from core.refs import Ref
from files.models import Media
from files.services.media import process_media
from library.models import ASSET, Asset
from library.selectors import versions_of
from library.services.assets import describe_asset, replace_file, submit_asset, take_prepared
from teams.tenancy import workspace_scope
from tests.approvals.test_certificates import behind_its_back
from tests.approvals.test_views import words
from tests.factories.posts import make_media, make_post
from tests.files.conftest import media_root, picture
from tests.notifications.conftest import tell_all

__all__ = ["media_root", "picture", "tell_all"]


def approved(cast, media: Media) -> Asset:
    """Let Ben submit and Cleo approve."""
    asset = submit_asset(media=media, by=cast.actor("ben"))
    asked = request_of(Ref(ASSET, asset.pk))
    decide(request=asked, verdict="approve", revision_id=asked.revision_id, by=cast.actor("cleo"))
    asset.refresh_from_db()
    return asset


def prepared(media: Media) -> None:
    process_media(workspace_id=media.workspace_id, media_id=media.pk)


def test_another_file_takes_the_place_once_it_is_prepared_and_has_to_be_approved_anew(
    acme, tell_all, picture
):
    asset = approved(acme, make_media(acme))
    first = request_of(Ref(ASSET, asset.pk))
    replace_file(media=asset.origin, file=picture("new.png"), name="new.png", by=acme.actor("ben"))
    asset.refresh_from_db()
    assert (asset.state, asset.version, asset.coming.status) == ("approved", 1, "processing")
    prepared(asset.coming)
    tell_all(acme.acme)
    asset.refresh_from_db()
    assert (asset.state, asset.version, asset.coming) == ("draft", 2, None)
    assert [row.media.original_name for row in versions_of(asset)] == ["new.png", "kopi.webp"]
    assert request_of(first.ref).state == "stale"
    assert clearance_for(first.ref, first.revision_id, first.content_hash) is None


def test_a_file_that_comes_twice_is_taken_once(acme, picture):
    asset = approved(acme, make_media(acme))
    replace_file(media=asset.origin, file=picture("new.png"), name="new.png", by=acme.actor("ben"))
    coming = Media.objects.get(original_name="new.png")
    assert take_prepared(media=coming) is None, "it is not prepared yet"
    prepared(coming)
    coming.refresh_from_db()
    assert take_prepared(media=coming).version == 2
    assert take_prepared(media=coming) is None
    asset.refresh_from_db()
    assert asset.version == 2


def test_while_a_file_is_on_its_way_nothing_is_submitted_and_none_is_sent(acme, picture):
    media = make_media(acme)
    replace_file(media=media, file=picture("new.png"), name="new.png", by=acme.actor("ben"))
    with pytest.raises(WrongState):
        submit_asset(media=media, by=acme.actor("ben"))
    with pytest.raises(WrongState):
        replace_file(media=media, file=picture("third.png"), name="third.png", by=acme.actor("ben"))
    assert Media.objects.filter(original_name="third.png").count() == 0


def test_a_file_that_is_no_picture_is_refused_and_the_one_that_stands_stays(acme, media_root):
    asset = approved(acme, make_media(acme))
    page = SimpleUploadedFile("x.png", b"<html></html>")
    with pytest.raises(Invalid):
        replace_file(media=asset.origin, file=page, name="x.png", by=acme.actor("ben"))
    asset.refresh_from_db()
    assert (asset.state, asset.coming) == ("approved", None)


def test_the_uploader_is_an_author_whoever_submits(acme):
    media = make_media(acme, created_by=acme.cleo)
    submit_asset(media=media, by=acme.actor("ben"))
    asked = request_of(Ref(ASSET, media.pk))
    for name in ("cleo", "ben"):
        with pytest.raises(NotAllowed):
            decide(request=asked, verdict="approve", revision_id=asked.revision_id, by=acme.actor(name))
    decide(request=asked, verdict="approve", revision_id=asked.revision_id, by=acme.actor("ana"))
    assert Asset.objects.get().state == "approved"


def test_what_is_still_being_prepared_is_not_submitted(acme):
    media = make_media(acme, status="processing", digest="")
    with pytest.raises(Invalid) as refused:
        submit_asset(media=media, by=acme.actor("ben"))
    assert (refused.value.code, Asset.objects.count()) == ("not_ready", 0)


def test_the_certificate_sees_other_bytes_under_the_same_name(live_cast):
    with workspace_scope(live_cast.acme.pk):
        asset = approved(live_cast, make_media(live_cast))
        asked = request_of(Ref(ASSET, asset.pk))
    seal_everything()
    with workspace_scope(live_cast.acme.pk):
        assert certificate(live_cast.actor("ana"), asked.pk).holds
    behind_its_back("UPDATE files_media SET digest = %s", "f" * 64)
    with workspace_scope(live_cast.acme.pk):
        assert not certificate(live_cast.actor("ana"), asked.pk).content_is_true


def test_a_post_keeps_the_file_and_the_description_that_it_carries(acme, tell_all, picture):
    media = make_media(acme)
    post = make_post(acme, media=[media.pk])
    before = post.current_revision.content_hash
    describe_asset(media=media, alt="Another description", by=acme.actor("ben"))
    replace_file(media=media, file=picture("new.png"), name="new.png", by=acme.actor("ben"))
    prepared(Media.objects.get(original_name="new.png"))
    tell_all(acme.acme)
    post.refresh_from_db()
    assert (post.version, post.current_revision.content_hash) == (1, before)
    assert Media.objects.get(pk=media.pk).alt == "A cup of coffee"


def test_the_review_page_shows_the_picture_and_both_after_a_change(acme, client_as, tell_all, picture):
    media = make_media(acme)
    submit_asset(media=media, by=acme.actor("ben"))
    browser = client_as(acme.cleo)
    page = browser.get(f"/w/acme/approvals/{request_of(Ref(ASSET, media.pk)).pk}/").content.decode()
    assert re.search(r'<figure data-media="[^"]+"><img src="/media/[^"]+" alt="A cup of coffee"', page)
    replace_file(media=media, file=picture("new.png"), name="new.png", by=acme.actor("ben"))
    prepared(Media.objects.get(original_name="new.png"))
    tell_all(acme.acme)
    submit_asset(media=media, by=acme.actor("ben"))
    page = browser.get(f"/w/acme/approvals/{request_of(Ref(ASSET, media.pk)).pk}/").content.decode()
    assert "Picture replaced" in page
    assert page.count('class="picture-side"') == 2


def test_a_video_is_shown_as_one(acme, client_as):
    media = make_media(acme, kind="video", mime="video/mp4", original_name="pour.mp4")
    submit_asset(media=media, by=acme.actor("ben"))
    page = client_as(acme.cleo).get(f"/w/acme/approvals/{request_of(Ref(ASSET, media.pk)).pk}/")
    assert re.search(r'<video controls [^>]*aria-label="A cup of coffee"', page.content.decode())


def test_the_library_lists_each_once_with_where_it_stands(acme, client_as, tell_all, picture):
    media = make_media(acme)
    make_media(acme, original_name="cake.webp")
    approved(acme, media)
    replace_file(media=media, file=picture("new.png"), name="new.png", by=acme.actor("ben"))
    browser = client_as(acme.jun)

    def names(page) -> list[str]:
        return re.findall(r'<span class="clip">([^<]+)</span></a>', page.content.decode())

    page = browser.get("/w/acme/library/")
    assert sorted(names(page)) == ["cake.webp", "kopi.webp"]
    assert "Approved" in words(page)
    assert "not submitted" in words(page)
    prepared(Media.objects.get(original_name="new.png"))
    tell_all(acme.acme)
    page = browser.get("/w/acme/library/")
    assert sorted(names(page)) == ["cake.webp", "kopi.webp"]


def test_people_upload_describe_submit_and_take_back_on_the_pages(acme, client_as, picture):
    browser = client_as(acme.ben)
    browser.post("/w/acme/library/", {"file": picture("latte.png")})
    media = Media.objects.get()
    where = f"/w/acme/library/{media.pk}/"
    assert "Being prepared" in words(browser.get(where))
    prepared(media)
    browser.post(f"{where}description/", {"alt": "A latte", "base": "0"})
    browser.post(f"{where}submission/")
    page = words(browser.get(where))
    assert "In review" in page
    assert "A latte" in page
    browser.post(f"{where}withdrawal/")
    assert "Draft" in words(browser.get(where))
    assert client_as(acme.vera).post(f"{where}submission/").status_code == 403


def test_the_post_page_shows_where_its_pictures_stand_and_leads_there(acme, client_as):
    media = make_media(acme)
    post = make_post(acme, media=[media.pk])
    browser = client_as(acme.ben)
    page = browser.get(f"/w/acme/posts/{post.pk}/")
    assert f"/w/acme/library/{media.pk}/" in page.content.decode()
    approved(acme, media)
    page = browser.get(f"/w/acme/posts/{post.pk}/").content.decode()
    assert re.search(rf'id="picture-{media.pk}".*?Approved', page, re.DOTALL)


def test_programs_do_the_same(acme, api_as, picture):
    media = make_media(acme)
    program, where = api_as(acme.ben), f"/api/v1/w/acme/library/{media.pk}/"
    assert program.get(where).status_code == 404
    assert program.post(f"{where}submission/").json()["state"] == "in_review"
    found = program.get(where)
    assert (found.json()["version"]["alt"], found["ETag"]) == ("A cup of coffee", '"1"')
    said = program.patch(where, {"alt": "A latte"}, headers={"If-Match": '"1"'})
    assert (said.json()["state"], said.json()["version"]["number"]) == ("draft", 2)
    assert program.patch(where, {"alt": "x"}, headers={"If-Match": '"1"'}).status_code == 412
    assert [row["number"] for row in program.get(f"{where}versions/").json()["results"]] == [2, 1]
    sent = program.client.post(f"{where}file/", {"file": picture("new.png")})
    assert (sent.status_code, sent.json()["coming"]) == (
        201,
        str(Media.objects.get(original_name="new.png").pk),
    )
    assert program.delete(f"{where}submission/").status_code == 409
