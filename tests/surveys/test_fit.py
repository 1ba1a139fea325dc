"""Which kinds of duty may suit whom: with reasons, out of what was opened, and nothing is ever set (R1.9)."""

from zoneinfo import ZoneInfo

import pytest

from core.clock import now
from surveys.fit import LETTER_FOR, THEMES_FOR, suggest
from surveys.personality import THEMES
from surveys.services.traits import tell_trait
from teams.models import Duty, DutyKind
from teams.states import StarterKind
from tests.surveys.conftest import fresh

ZONE = ZoneInfo("Asia/Kuala_Lumpur")


def told(cast, name: str, kind: str, value: dict, audience: str = "workspace") -> None:
    tell_trait(kind=kind, value=value, audience=audience, by=cast.actor(name))


def fits(cast, key: StarterKind, name: str = "cleo"):
    rows = suggest(cast.actor(name), now(), ZONE)
    return next(row for row in rows if row.kind.key == key)


def test_each_kind_has_themes_that_exist_and_a_letter():
    assert set(THEMES_FOR) == set(LETTER_FOR) == set(StarterKind)
    assert {theme for themes in THEMES_FOR.values() for theme in themes} <= set(THEMES)


def test_a_suggestion_says_why(acme):
    """R1.9"""
    content = DutyKind.objects.get(key="content")
    told(acme, "jun", "motivation", {"rewards": ["credit"], "wants": [str(content.pk)]})
    told(acme, "ben", "strengths", {"themes": ["Ideation", "Input", "Woo", "Focus", "Belief"]})
    told(acme, "ben", "mbti", {"type": "INTJ"})
    first, second = fits(acme, StarterKind.CONTENT).suggestions
    assert (first.member.pk, first.reasons) == (
        acme.jun.pk,
        ("would like more of this work", "has 40 hours left this week"),
    )
    assert (second.member.pk, second.reasons) == (
        acme.ben.pk,
        (
            "Ideation and Input are among the first five strengths",
            "INTJ: likes to start from ideas",
            "has 40 hours left this week",
        ),
    )
    assert first.points > second.points


def test_a_theme_beyond_the_first_five_does_not_count(acme):
    told(
        acme, "ben", "strengths", {"themes": ["Belief", "Command", "Harmony", "Focus", "Learner", "Ideation"]}
    )
    assert fits(acme, StarterKind.CONTENT).suggestions == ()


def test_having_time_alone_suggests_nobody(acme):
    assert [row.suggestions for row in suggest(acme.actor("cleo"), now(), ZONE)] == [()] * len(StarterKind)


@pytest.mark.parametrize(("reader", "count"), [("cleo", 1), ("ben", 1), ("jun", 0)])
def test_it_is_made_only_of_what_the_reader_may_see(acme, reader, count):
    told(acme, "ben", "strengths", {"themes": ["Ideation", "Input", "Woo", "Focus", "Belief"]}, "leads")
    assert len(fits(acme, StarterKind.CONTENT, reader).suggestions) == count


def test_looking_changes_no_duty_and_leads_to_the_preview(acme, client_as):
    before = list(Duty.objects.order_by("pk").values_list("pk", "owner_id"))
    told(acme, "ben", "strengths", {"themes": ["Ideation", "Input", "Woo", "Focus", "Belief"]})
    page = client_as(acme.cleo).get("/w/acme/surveys/people/fit/").content.decode()
    duty = Duty.objects.get(kind__key="content")
    assert f"/w/acme/team/duties/{duty.pk}/owner/?to={acme.ben.pk}" in page
    assert list(Duty.objects.order_by("pk").values_list("pk", "owner_id")) == before
    assert "owner/?to=" not in client_as(acme.jun).get("/w/acme/surveys/people/fit/").content.decode()
    assert fresh(acme.ben).duties.count() == 0
