"""A backup for one channel acts on that channel's posts only (R1.5, R1.6), by gate and by list alike."""

from datetime import timedelta

import pytest

from calendar_app.models import Post
from calendar_app.permissions import ARCHIVE, EDIT_OTHERS, SCHEDULE, SEE
from core.clock import now
from core.refs import Ref
from networks.permissions import PUBLISH
from teams.models import Absence
from teams.permissions import can, covered_actors, places_of, visible
from teams.services.backups import set_backups
from tests.factories.posts import make_channel, make_post, newsroom_of
from tests.teams.test_absences import back, fresh


@pytest.fixture
def lent(acme):
    """Ana is away; Vera, who only looks, stands in for the newsroom, and Farah for everything else."""
    channel = newsroom_of(acme)
    back(acme, "ana", "farah")
    set_backups(
        member=fresh(acme.ana),
        backups=[fresh(acme.vera)],
        by=acme.actor("ana"),
        scope=Ref("networks.channel", channel.pk),
    )
    Absence(workspace=acme.acme, member=acme.ana, starts_at=now() - timedelta(hours=1)).save()
    return acme


def test_each_backup_acts_where_his_list_reaches_and_nowhere_else(lent):
    cast = lent
    channel, other = newsroom_of(cast), make_channel(cast)
    posts = {
        "newsroom": make_post(cast, "One", channels=[channel], by="jun"),
        "mastodon": make_post(cast, "Two", channels=[other], by="jun"),
        "both": make_post(cast, "Three", channels=[channel, other], by="jun"),
        "none": make_post(cast, "Four", channels=[], by="jun"),
    }
    vera, farah = cast.actor("vera"), cast.actor("farah")
    for verb in (EDIT_OTHERS, SCHEDULE):
        assert [name for name, post in posts.items() if can(vera, verb, post)] == ["newsroom"], verb
        assert [name for name, post in posts.items() if can(farah, verb, post)] == [
            "mastodon",
            "both",
            "none",
        ]
    assert can(vera, PUBLISH, channel)
    assert not can(vera, PUBLISH, other)
    assert not can(farah, PUBLISH, channel)
    assert can(farah, PUBLISH, other)
    assert can(vera, ARCHIVE, posts["newsroom"])


def test_lists_show_exactly_what_the_gate_allows(lent):
    cast = lent
    channel, other = newsroom_of(cast), make_channel(cast)
    for chosen in ([channel], [other], [channel, other], []):
        make_post(cast, "Post", channels=chosen, by="jun")
    for name in ("vera", "farah"):
        [cover] = covered_actors(cast.actor(name))
        rows = Post.objects.order_by("pk")
        shown = set(visible(cover, SEE, rows).values_list("pk", flat=True))
        assert shown == {post.pk for post in rows if cover.bounds.hold(places_of(post))}, name


def test_a_narrow_cover_lends_no_right_over_the_whole_workspace(lent):
    """R1.6: Vera covers one channel of an owner: she neither pauses everything nor sets anybody's backups."""
    vera, farah = lent.actor("vera"), lent.actor("farah")
    for verb in ("publishing.hold.start", "publishing.hold.end", "teams.backup.edit", "teams.team.edit"):
        assert not can(vera, verb), verb
        assert can(farah, verb), verb
