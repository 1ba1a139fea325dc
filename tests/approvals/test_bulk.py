"""Deciding on several at once: each shown, each with its own answer, the same record as a single one (line 8)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import Entry
from approvals.models import Decision, Request
from approvals.selectors import clearance_for, request_of
from approvals.services import bulk
from approvals.services.bulk import Choice, Outcome, decide_many
from approvals.services.decisions import decide
from approvals.services.requests import mark_stale
from approvals.states import Verdict
from bench.data import fill_reviews
from core.errors import Invalid
from teams.permissions import actor_of
from teams.tenancy import workspace_scope
from tests.approvals.paper import HASH, Paper, away, submit
from tests.approvals.test_api import submit_for
from tests.approvals.test_views import open_request, words
from tests.support.threads import at_once

PAGE = "/w/acme/approvals/several/"


def choice(request: Request, for_id=None) -> Choice:
    return Choice(request.pk, request.revision_id, request.steps.get(state="open").pk, for_id)


def many(acme, choices, name="cleo", verdict=Verdict.APPROVE, note=""):
    return decide_many(choices=choices, verdict=verdict, note=note, by=acme.actor(name))


def test_each_gets_its_own_answer_and_none_undoes_another(acme):
    """Done, stale and refused stand beside each other."""
    fine, edited, own, gone = Paper(), Paper(), Paper(), Paper()
    requests = [submit(acme, "ben", fine), submit(acme, "ben", edited), submit(acme, "cleo", own)]
    requests.append(submit(acme, "ben", gone))
    choices = [choice(request) for request in requests]
    mark_stale(subject=edited.ref, by=acme.actor("ben"))
    decide(
        request=requests[3],
        verdict=Verdict.APPROVE,
        revision_id=gone.revision_id,
        by=acme.actor("ana"),
    )
    answers = many(acme, choices)
    assert [answer.outcome for answer in answers] == [
        Outcome.DONE,
        Outcome.STALE,
        Outcome.REFUSED,
        Outcome.STALE,
    ]
    assert "You made or submitted this" in answers[2].why
    assert clearance_for(fine.ref, fine.revision_id, HASH) is not None
    assert Decision.objects.filter(member=acme.cleo.pk).count() == 1


def test_the_record_is_the_same_as_of_a_single_decision(acme):
    one, two = submit(acme, "ben"), submit(acme, "ben")
    decide(request=one, verdict=Verdict.APPROVE, revision_id=one.revision_id, by=acme.actor("cleo"))
    many(acme, [choice(two)])
    fields = ("verb", "actor_kind", "member_id", "on_behalf_of", "subject_type")
    rows = Entry.objects.filter(verb="approvals.request.approved").order_by("pk").values(*fields)
    assert rows[0] == rows[1]
    said = ("verdict", "note", "actor_kind", "member", "on_behalf_of", "undone_at")
    made = Decision.objects.order_by("pk").values(*said)
    assert made[0] == made[1]


def test_what_went_wrong_in_one_takes_back_that_one_alone(acme):
    from tests.approvals.paper import refusing

    fine, broken = Paper(), Paper()
    choices = [choice(submit(acme, "ben", broken)), choice(submit(acme, "ben", fine))]
    refusing.add(broken.ref.id)
    with pytest.raises(RuntimeError):
        many(
            acme, choices
        )  # a fault of the program is no answer: everything is taken back and said as an error
    refusing.clear()
    assert [answer.outcome for answer in many(acme, choices)] == [Outcome.DONE, Outcome.DONE]


def test_a_note_is_needed_for_all_or_nothing_happens(acme):
    request = submit(acme, "ben")
    with pytest.raises(Invalid):
        many(acme, [choice(request)], verdict=Verdict.REJECT)
    with pytest.raises(Invalid):
        many(acme, [])
    with pytest.raises(Invalid):
        many(acme, [choice(request)] * (bulk.MOST + 1))
    assert not Decision.objects.exists()


def test_under_cover_each_names_for_whom(acme):
    away(acme, "cleo", "jun")
    request = submit(acme, "ben")
    [answer] = many(acme, [choice(request, acme.cleo.pk)], name="jun")
    assert (answer.decision.member_id, answer.decision.on_behalf_of_id) == (acme.jun.pk, acme.cleo.pk)


def test_two_who_decide_on_the_same_ones_at_once_decide_each_once(live_cast):
    """Exactly once under a race, in whatever order each has ticked them."""
    acme = live_cast
    with workspace_scope(acme.acme.pk):
        requests = [submit(acme, "ben") for _number in range(6)]
        choices = [choice(request) for request in requests]
        cleo, ana = (acme.actor(name) for name in ("cleo", "ana"))
    found = at_once(
        acme.acme.pk,
        lambda: decide_many(choices=choices, verdict=Verdict.APPROVE, by=actor_of(cleo.member)),
        lambda: decide_many(choices=choices[::-1], verdict=Verdict.APPROVE, by=actor_of(ana.member)),
    )
    outcomes = [answer.outcome for answers in found for answer in answers]
    assert (outcomes.count(Outcome.DONE), outcomes.count(Outcome.STALE)) == (6, 6)
    with workspace_scope(acme.acme.pk):
        assert Decision.objects.count() == 6
        assert {request_of(request.ref).state for request in requests} == {"approved"}


def test_the_page_shows_each_before_it_asks_and_what_became_of_each(cast, client_as):
    first = open_request(cast, submit_for(cast, "ben", "Pintu dibuka pukul sembilan."))
    second = open_request(cast, submit_for(cast, "jun", "Kopi percuma hari ini."))
    client = client_as(cast.cleo)
    queue = client.get("/w/acme/approvals/").content.decode()
    assert queue.count('class="kind list-tick"') == 2
    page = client.get(PAGE, {"request": [str(first.pk), str(second.pk)]})
    assert "Pintu dibuka pukul sembilan." in words(page)
    assert "Kopi percuma hari ini." in words(page)
    with workspace_scope(cast.acme.pk):
        assert not Decision.objects.exists()
    items = re.findall(r'name="item" value="([^"]+)"', page.content.decode())
    with workspace_scope(cast.acme.pk):
        mark_stale(subject=second.ref, by=cast.actor("jun"))
    answer = words(client.post(PAGE, {"item": items, "verdict": "approve", "note": ""}))
    assert "1 of 2 done" in answer
    assert "Not decided, it has moved on" in answer
    refused = client.post(PAGE, {"item": items[:1], "verdict": "reject", "note": ""})
    assert refused.status_code in (302, 422)


def test_what_changed_since_the_reader_looked_is_shown(cast, client_as):
    from calendar_app.content import VariantInput
    from calendar_app.models import Post
    from calendar_app.services.posts import save_post
    from calendar_app.services.reviews import submit_post
    from networks.models import Channel

    first = open_request(cast, submit_for(cast, "ben"))
    client = client_as(cast.cleo)
    client.get(f"/w/acme/approvals/{first.pk}/")
    with workspace_scope(cast.acme.pk):
        post = Post.objects.select_related("current_revision", "workspace").get(pk=first.subject_id)
        channel = Channel.objects.get(kind="newsroom")
        variant = VariantInput(channel=channel.pk, text="Pintu dibuka pukul sepuluh.")
        by = cast.actor("ben")
        post = save_post(post=post, expected_number=post.version, variants=[variant], by=by)
        submit_post(post=post, by=by)
    second = open_request(cast, post)
    page = client.get(PAGE, {"request": str(second.pk)}).content.decode()
    shown = page[page.index('class="changes"') :]
    assert re.search(r"<del>[^<]*sembilan", shown), shown[:600]
    assert re.search(r"<ins>[^<]*sepuluh", shown)


def test_a_hundred_are_looked_through_and_decided_each_with_its_outcome(cast, client_as):
    """What a lead finds on a Monday: asking costs the same for a hundred as for two, and each has its own answer."""
    client, costs = client_as(cast.cleo), []
    with workspace_scope(cast.acme.pk), connection.cursor() as cursor:
        ids = {"author": cast.ben.pk, "reviewer": cast.cleo.pk}
        fill_reviews(cursor, cast.acme.pk, **ids, number=bulk.MOST)
        made = list(Request.objects.order_by("pk"))
    for some in (made[:1], made[:2], made):
        asked = {"request": [str(request.pk) for request in some]}
        with CaptureQueriesContext(connection) as found:
            page = client.get(PAGE, asked).content.decode()
        costs.append(len(found))
    items = re.findall(r'name="item" value="([^"]+)"', page)
    assert (costs[1], len(items)) == (costs[2], bulk.MOST)
    with workspace_scope(cast.acme.pk):
        mark_stale(subject=made[7].ref, by=cast.actor("ben"))
    answer = words(client.post(PAGE, {"item": items, "verdict": "reject", "note": "Not this week."}))
    assert f"{bulk.MOST - 1} of {bulk.MOST} done" in answer
    with workspace_scope(cast.acme.pk):
        assert Decision.objects.count() == bulk.MOST - 1
        assert Entry.objects.filter(verb="approvals.request.rejected").count() == bulk.MOST - 1


def test_all_of_a_narrowed_queue_are_looked_through_at_once(cast, client_as):
    submit_for(cast, "ben", "Pintu dibuka pukul sembilan.")
    submit_for(cast, "jun", "Kopi percuma hari ini.")
    client = client_as(cast.cleo)
    assert "all=1" in client.get("/w/acme/approvals/").content.decode()
    page = words(client.get(f"{PAGE}?author={cast.jun.pk}&all=1"))
    assert "Kopi percuma hari ini." in page
    assert "Pintu dibuka" not in page
