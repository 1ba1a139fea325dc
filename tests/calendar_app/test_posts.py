"""Posts are begun, saved against each other's edits, put away and brought back."""

import pytest

from activity.models import Entry
from approvals.models import Clearance, Request
from approvals.services.decisions import decide
from calendar_app.content import VariantInput
from calendar_app.models import Post, PostChannel, Revision, RevisionVariant
from calendar_app.selectors import get_post
from calendar_app.services.posts import archive_post, restore_post, save_post
from calendar_app.services.reviews import submit_post
from core.errors import Invalid, Locked, NotAllowed, NotFound, Stale, WrongState
from tests.factories.posts import make_channel, make_media, make_post, newsroom_of, soon


def approved(acme, **fields):
    post = make_post(acme, **fields)
    submit_post(post=post, by=acme.actor("ben"))
    request = Request.objects.get(subject_id=post.pk, state="open")
    decide(request=request, verdict="approve", revision_id=request.revision_id, by=acme.actor("cleo"))
    post.refresh_from_db()
    return post


def test_a_new_post_is_a_draft_with_its_first_revision(acme):
    post = make_post(acme, text="Kopi Raya is back", title="Raya")

    assert (post.state, post.version, post.headline, post.author) == ("draft", 1, "Raya", acme.ben)
    variant = RevisionVariant.objects.get(revision=post.current_revision)
    assert variant.text == "Kopi Raya is back"
    assert variant.payload["text"] == "Kopi Raya is back"
    assert variant.problems == []
    assert Entry.objects.filter(verb="calendar_app.post.created", subject_id=post.pk).count() == 1


def test_a_post_without_title_is_known_by_its_first_words(acme):
    assert make_post(acme, text="Kopi  Raya\nis back").headline == "Kopi Raya is back"


def test_variants_inherit_until_changed(acme):
    mastodon = make_channel(acme)
    post = make_post(acme, text="One text", channels=[newsroom_of(acme), mastodon])

    save_post(
        post=post,
        expected_number=1,
        variants=[
            VariantInput(newsroom_of(acme).pk, text="One text"),
            VariantInput(mastodon.pk, text="Toot!"),
        ],
        by=acme.actor("ben"),
    )

    texts = dict(RevisionVariant.objects.filter(revision__number=2).values_list("channel__kind", "text"))
    assert texts == {"newsroom": "One text", "mastodon": "Toot!"}
    assert [v["text"] for v in post.current_revision.content["variants"]] == [None, "Toot!"]


def test_saving_cuts_a_revision_and_leaves_the_old_one(acme):
    post = make_post(acme)

    save_post(post=post, expected_number=1, text="Second", by=acme.actor("ben"))

    assert post.version == 2
    assert list(Revision.objects.order_by("number").values_list("number", "base_number")) == [(1, 0), (2, 1)]
    assert list(RevisionVariant.objects.order_by("revision__number").values_list("text", flat=True)) == [
        "Kopi Raya is back",
        "Second",
    ]


def test_saving_what_stands_cuts_nothing(acme):
    post = make_post(acme)

    save_post(post=post, expected_number=1, text="Kopi Raya is back", by=acme.actor("ben"))

    assert Revision.objects.count() == 1


def test_saving_on_an_old_revision_is_refused_and_changes_nothing(acme):
    post = make_post(acme)
    mine = Post.objects.select_related("current_revision").get(pk=post.pk)
    save_post(post=post, expected_number=1, text="Ben's words", by=acme.actor("ben"))

    with pytest.raises(Stale):
        save_post(post=mine, expected_number=1, text="Jun's words", by=acme.actor("jun"))

    assert Post.objects.get().headline == "Ben's words"
    assert Revision.objects.count() == 2


def test_colleagues_edit_each_others_drafts(acme):
    post = make_post(acme, by="ben")

    save_post(post=post, expected_number=1, text="Better words", by=acme.actor("jun"))

    assert Revision.objects.get(number=2).created_by == acme.jun


def test_a_contributor_edits_own_drafts_only(acme):
    own, bens = make_post(acme, by="farah"), make_post(acme, by="ben")

    save_post(post=own, expected_number=1, text="Mine", by=acme.actor("farah"))
    with pytest.raises(NotAllowed, match="somebody else's"):
        save_post(post=bens, expected_number=1, text="Not mine", by=acme.actor("farah"))
    submit_post(post=own, by=acme.actor("farah"))
    with pytest.raises(NotAllowed, match="while they are drafts"):
        save_post(post=own, expected_number=2, text="Later", by=acme.actor("farah"))

    assert Post.objects.get(pk=bens.pk).headline == "Kopi Raya is back"


def test_a_viewer_writes_nothing(acme):
    with pytest.raises(NotAllowed):
        make_post(acme, by="vera")

    assert Post.objects.count() == 0


def test_editing_what_is_approved_asks_first_and_then_takes_the_approval_back(acme, told):
    post = approved(acme)

    with pytest.raises(WrongState) as refusal:
        save_post(post=post, expected_number=1, text="Sneaky", by=acme.actor("ben"))
    assert refusal.value.code == "approved"
    assert Clearance.objects.filter(revoked_at=None).count() == 1
    save_post(post=post, expected_number=1, text="Honest", confirm_unapprove=True, by=acme.actor("ben"))

    post.refresh_from_db()
    assert (post.state, post.version) == ("draft", 2)
    assert Request.objects.get().state == "stale"
    assert Clearance.objects.filter(revoked_at=None).count() == 0


def test_editing_what_is_scheduled_withdraws_it_in_the_same_breath(acme, told):
    post = approved(acme, scheduled_at=soon())
    assert post.state == "scheduled"

    save_post(post=post, expected_number=1, text="Other", confirm_unapprove=True, by=acme.actor("ben"))

    assert told.calls[-1] == ("withdrawn", post.pk, "edited")
    assert Post.objects.get().state == "draft"


def test_a_workspace_may_lock_what_is_approved(acme, told):
    acme.acme.settings = {"lock_approved": True}
    acme.acme.save()
    post = Post.objects.select_related("current_revision", "workspace").get(pk=approved(acme).pk)

    with pytest.raises(Locked):
        save_post(post=post, expected_number=1, text="No", confirm_unapprove=True, by=acme.actor("ben"))

    assert Post.objects.get().state == "approved"
    assert Clearance.objects.filter(revoked_at=None).count() == 1


def test_editing_in_review_makes_the_request_out_of_date(acme):
    post = make_post(acme)
    submit_post(post=post, by=acme.actor("ben"))

    save_post(post=post, expected_number=1, text="Second thoughts", by=acme.actor("ben"))

    assert Post.objects.get().state == "draft"
    assert Request.objects.get().state == "stale"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "x" * 201}, "title"),
        ({"text": "x" * 50_001}, "text"),
        ({"text": "zero\x00byte"}, "text"),
        ({"language": "tlh"}, "language"),
        ({"rating": "X"}, "rating"),
        ({"campaign": "0190a000-0000-7000-8000-000000000000"}, "campaign"),
        ({"labels": ["0190a000-0000-7000-8000-000000000000"]}, "labels"),
        ({"media": ["0190a000-0000-7000-8000-000000000000"]}, "media"),
        ({"variants": [VariantInput("0190a000-0000-7000-8000-000000000000")]}, "variants.0.channel"),
    ],
)
def test_what_cannot_be_kept_is_named_by_field(acme, changes, field):
    post = make_post(acme)

    with pytest.raises(Invalid) as refusal:
        save_post(post=post, expected_number=1, by=acme.actor("ben"), **changes)

    assert list(refusal.value.fields) == [field]
    assert Revision.objects.count() == 1


def test_one_channel_cannot_stand_twice(acme):
    with pytest.raises(Invalid) as refusal:
        make_post(acme, channels=[newsroom_of(acme), newsroom_of(acme)])

    assert "variants" in refusal.value.fields


def test_a_restricted_channel_needs_a_grant_to_write_for_and_hides_its_posts(acme):
    secret = make_channel(acme, name="Board", is_restricted=True)
    with pytest.raises(NotAllowed, match="Board is restricted"):
        make_post(acme, by="ben", channels=[secret])
    post = make_post(acme, by="cleo", channels=[secret])
    shared = make_post(acme, by="cleo", channels=[secret, newsroom_of(acme)])

    with pytest.raises(NotFound):
        get_post(acme.actor("ben"), post.pk)
    assert get_post(acme.actor("ben"), shared.pk) == shared
    with pytest.raises(NotAllowed):
        save_post(post=shared, expected_number=1, text="Half allowed", by=acme.actor("ben"))


def test_the_post_knows_its_channels_without_opening_revisions(acme):
    mastodon = make_channel(acme)
    post = make_post(acme, channels=[newsroom_of(acme), mastodon])

    save_post(
        post=post, expected_number=1, variants=[VariantInput(mastodon.pk, text="x")], by=acme.actor("ben")
    )

    assert list(PostChannel.objects.values_list("channel__kind", flat=True)) == ["mastodon"]


def test_media_that_is_not_ready_is_a_problem_that_blocks(acme):
    media = make_media(acme, status="processing", digest="")
    post = make_post(acme, media=[media.pk])

    assert [p["code"] for p in RevisionVariant.objects.get().problems] == ["media_processing"]
    with pytest.raises(Invalid, match="still being prepared"):
        submit_post(post=post, by=acme.actor("ben"))


def test_submitting_renders_again_what_became_ready_since(acme):
    media = make_media(acme, status="processing", digest="")
    post = make_post(acme, media=[media.pk])
    media.status, media.digest = "ready", "d" * 64
    media.save()

    submit_post(post=post, by=acme.actor("ben"))

    assert (post.state, post.version) == ("in_review", 2)
    assert RevisionVariant.objects.get(revision__number=2).payload["media"][0]["digest"] == "d" * 64
    assert Request.objects.get().content_hash == Revision.objects.get(number=2).content_hash


def test_an_archived_post_comes_back_as_a_draft(acme):
    post = make_post(acme)

    archive_post(post=post, by=acme.actor("ben"))
    assert Post.objects.get().state == "archived"
    restore_post(post=post, by=acme.actor("ben"))

    assert (Post.objects.get().state, Post.objects.get().archived_at) == ("draft", None)


def test_archiving_a_scheduled_post_withdraws_it_and_its_approval_still_counts(acme, told):
    post = approved(acme, scheduled_at=soon())

    archive_post(post=post, by=acme.actor("ben"))
    assert told.calls[-1] == ("withdrawn", post.pk, "archived")
    restore_post(post=post, by=acme.actor("ben"))

    assert Post.objects.get().state == "approved"


def test_archiving_a_post_in_review_ends_the_review(acme):
    post = make_post(acme)
    submit_post(post=post, by=acme.actor("ben"))

    archive_post(post=post, by=acme.actor("ben"))
    restore_post(post=post, by=acme.actor("ben"))

    assert Request.objects.get().state == "stale"
    assert Post.objects.get().state == "draft"
