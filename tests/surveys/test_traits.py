"""What members tell of themselves: what fits, who sees it, taking it back, taking it from a file (R1.8, R1.10)."""

import pytest

from activity.models import Entry
from core.errors import Invalid, NotAllowed, NotFound
from surveys.fitting import lines_of
from surveys.imports import read_results
from surveys.models import Trait
from surveys.personality import DOMAIN_OF, MBTI_TYPES, THEMES, Audience
from surveys.selectors.traits import get_own_trait, told_by, traits_visible_to
from surveys.services.traits import open_trait, take_results, tell_trait, withdraw_trait
from teams.models import DutyKind, Membership
from teams.services.absences import record_absence
from teams.services.backups import set_backups
from teams.services.members import end_membership
from teams.states import AbsenceKind, ActorKind
from tests.surveys.conftest import fresh, team

TOP = ["Ideation", "Woo", "Input", "Focus", "Empathy"]


def told(cast, name: str, kind: str, value: dict, audience: str = "workspace", **facts) -> Trait:
    return tell_trait(kind=kind, value=value, audience=audience, by=cast.actor(name), **facts)


def seen_by(cast, name: str) -> set[str]:
    return {trait.member.user.get_short_name() for trait in traits_visible_to(cast.actor(name))}


# What fits


def test_there_are_sixteen_types_and_34_themes_in_four_domains():
    assert (len(set(MBTI_TYPES)), len(THEMES), len(set(THEMES)), len(set(DOMAIN_OF.values()))) == (
        16,
        34,
        34,
        4,
    )


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("mbti", {"type": " intj "}, {"type": "INTJ"}),
        ("strengths", {"themes": ["woo", "self assurance", *TOP[:1], "INPUT", "Focus"]}, None),
        ("strengths", {"themes": list(THEMES)}, {"themes": list(THEMES)}),
        ("other", {"text": " D/I "}, {"text": "D/I"}),
        (
            "motivation",
            {"rewards": ["thanks", "time_off"]},
            {"rewards": ["thanks", "time_off"], "wants": [], "note": ""},
        ),
    ],
)
def test_a_result_is_kept_by_its_exact_names(acme, kind, value, kept):
    """R1.8, R1.10"""
    trait = tell_trait(kind=kind, name="DISC", value=value, by=acme.actor("ben"))
    assert trait.value == (kept or {"themes": ["Woo", "Self-Assurance", "Ideation", "Input", "Focus"]})
    assert (trait.audience, trait.name) == ("me", "DISC" if kind == "other" else "")


@pytest.mark.parametrize(
    ("kind", "value", "field", "words"),
    [
        ("mbti", {"type": "INTX"}, "type", "“INTX” is none of the sixteen types."),
        ("mbti", {"type": "INTJ", "questions": []}, "questions", "Unknown field."),
        ("strengths", {"themes": TOP[:4]}, "themes", "Give from 5 to 34 themes; here are 4."),
        ("strengths", {"themes": [*TOP, "Woo"]}, "themes", "Place 6: Woo stands at Place 2 already."),
        (
            "strengths",
            {"themes": [*TOP, "Achiver"]},
            "themes",
            "Place 6: “Achiver” is none of the 34 themes. Did you mean Achiever?",
        ),
        ("strengths", {"themes": [*TOP, "Qqq"]}, "themes", "Place 6: “Qqq” is none of the 34 themes."),
        ("strengths", {"themes": "Woo"}, "themes", "Send a list of texts."),
        ("motivation", {"rewards": []}, "rewards", "Choose from one to 5 rewards."),
        ("motivation", {"rewards": ["thanks", "thanks"]}, "rewards", "Choose each reward once."),
        ("motivation", {"rewards": ["gold"]}, "rewards", "Choose rewards of the list."),
        (
            "motivation",
            {"rewards": ["thanks"], "wants": ["x"]},
            "wants",
            "Choose kinds of work of this workspace.",
        ),
        (
            "motivation",
            {"rewards": ["thanks"], "note": "x" * 501},
            "note",
            "A note has at most 500 characters.",
        ),
        ("other", {"text": ""}, "text", "Write the result, in at most 500 characters."),
        ("horoscope", {}, "kind", "There is no such kind of result."),
    ],
)
def test_what_does_not_fit_is_named(acme, kind, value, field, words):
    with pytest.raises(Invalid) as refused:
        tell_trait(kind=kind, name="DISC", value=value, by=acme.actor("ben"))
    assert refused.value.fields == {field: [words]}
    assert not Trait.objects.exists()


def test_a_kind_of_work_of_another_workspace_is_not_wanted(acme, cast, scope_of):
    with scope_of(cast.eve):
        foreign = DutyKind.objects.earliest("pk").pk
    with pytest.raises(Invalid):
        told(acme, "ben", "motivation", {"rewards": ["thanks"], "wants": [str(foreign)]})


def test_entering_again_changes_what_stands_and_keeps_for_whom(acme):
    told(acme, "ben", "mbti", {"type": "INTJ"}, "team")
    changed = tell_trait(kind="mbti", value={"type": "INTP"}, by=acme.actor("ben"))
    assert (Trait.objects.count(), changed.value, changed.audience) == (1, {"type": "INTP"}, "team")


def test_a_typed_ranking_names_its_lines():
    assert [(one.place, one.text) for one in lines_of("1. Woo\n\n2) Input \nFocus")] == [
        ("Line 1", "Woo"),
        ("Line 3", "Input"),
        ("Line 4", "Focus"),
    ]
    assert [one.text for one in lines_of("Woo, Input; Focus")] == ["Woo", "Input", "Focus"]


# Who sees it


@pytest.mark.parametrize(
    ("audience", "sees"),
    [
        (Audience.ME, {"ben"}),
        (Audience.LEADS, {"ben", "ana", "cleo"}),
        (Audience.TEAM, {"ben", "ana", "cleo", "jun"}),
        (Audience.WORKSPACE, {"ben", "ana", "cleo", "jun", "farah", "vera"}),
    ],
)
def test_each_audience_sees_what_its_owner_opened_and_nobody_else(acme, audience, sees):
    """R1.8"""
    team(acme, "Pair", [fresh(acme.ben), fresh(acme.jun)])
    team(acme, "Other pair", [fresh(acme.farah), fresh(acme.jun)])
    told(acme, "ben", "mbti", {"type": "INTJ"}, audience)
    everybody = ("ana", "ben", "cleo", "farah", "jun", "vera")
    assert {name for name in everybody if "Ben" in seen_by(acme, name)} == sees


def test_what_is_taken_back_is_gone_at_once_everywhere(acme, client_as, api_as):
    """R1.8: the pages, the API and the suggestions that somebody has open show it no more with the next look."""
    kind = DutyKind.objects.get(key="content")
    strengths = told(acme, "ben", "strengths", {"themes": TOP})
    wishes = told(
        acme, "ben", "motivation", {"rewards": ["credit"], "wants": [str(kind.pk)], "note": "Quiet, please"}
    )
    cleo, program = client_as(acme.cleo), api_as(acme.cleo)
    places = ["people/", "people/motivation/", "people/fit/"]
    marks = {
        "people/": "Ideation",
        "people/motivation/": "Quiet, please",
        "people/fit/": "would like more of this work",
    }
    before = {place: cleo.get(f"/w/acme/surveys/{place}") for place in places}
    assert all(marks[place] in page.content.decode() for place, page in before.items())
    assert {page["Cache-Control"] for page in before.values()} == {"no-store"}
    assert len(program.get("/api/v1/w/acme/traits/").json()["results"]) == 2

    open_trait(trait=strengths, audience="me", by=acme.actor("ben"))
    withdraw_trait(trait=wishes, by=acme.actor("ben"))

    for place in places:
        page = cleo.get(f"/w/acme/surveys/{place}").content.decode()
        assert not any(mark in page for mark in (*marks.values(), "Ideation")), place
    assert program.get("/api/v1/w/acme/traits/").json()["results"] == []
    assert program.get(f"/api/v1/w/acme/traits/{strengths.pk}/").status_code == 404
    fits = program.get("/api/v1/w/acme/fit/").json()["results"]
    assert [row["suggestions"] for row in fits] == [[]] * len(fits)
    assert list(Trait.objects.values_list("kind", flat=True)) == ["strengths"]


def test_no_cover_and_no_operator_sees_what_is_for_the_absent(acme):
    """covers: no. Ben stands in for Cleo and sees nothing that is for team leads."""
    from dataclasses import replace

    told(acme, "jun", "mbti", {"type": "ENFP"}, "leads")
    own = told(acme, "cleo", "mbti", {"type": "ISTJ"}, "me")
    set_backups(member=fresh(acme.cleo), backups=[fresh(acme.ben)], by=acme.actor("ana"))
    record_absence(
        member=fresh(acme.cleo),
        kind=AbsenceKind.SICK,
        starts_at=own.updated_at,
        ends_at=None,
        by=acme.actor("ana"),
    )
    assert seen_by(acme, "ben") == set()
    assert list(traits_visible_to(replace(acme.actor("ana"), kind=ActorKind.STAFF))) == []


def test_only_the_person_concerned_changes_opens_and_takes_back(acme):
    trait = told(acme, "ben", "mbti", {"type": "INTJ"})
    for name in ("ana", "cleo", "jun"):
        by = acme.actor(name)
        with pytest.raises(NotAllowed):
            open_trait(trait=trait, audience="me", by=by)
        with pytest.raises(NotAllowed):
            withdraw_trait(trait=trait, by=by)
        with pytest.raises(NotFound):
            get_own_trait(by, trait.pk)
    assert Trait.objects.get().audience == "workspace"


def test_the_record_holds_neither_what_was_entered_nor_for_whom(acme):
    trait = told(acme, "ben", "mbti", {"type": "INTJ"})
    open_trait(trait=trait, audience="leads", by=acme.actor("ben"))
    withdraw_trait(trait=trait, by=acme.actor("ben"))
    rows = Entry.objects.filter(verb__startswith="surveys.trait").order_by("pk")
    assert [(row.verb, row.facts) for row in rows] == [
        ("surveys.trait.told", {}),
        ("surveys.trait.shared", {}),
        ("surveys.trait.withdrawn", {}),
    ]


def test_what_a_leaver_told_is_deleted_with_the_membership(acme):
    told(acme, "vera", "mbti", {"type": "INTJ"})
    end_membership(
        member=Membership.objects.select_related("user", "role").get(pk=acme.vera.pk), by=acme.actor("ana")
    )
    assert not Trait.objects.exists()


def test_the_grid_takes_one_statement_for_any_number_of_people(acme, django_assert_num_queries):
    for name in ("ben", "jun", "farah"):
        told(acme, name, "strengths", {"themes": TOP})
    people = [fresh(member) for member in (acme.ben, acme.jun, acme.farah, acme.vera)]
    by = acme.actor("cleo")
    with django_assert_num_queries(1):
        found = told_by(by, people)
    assert [one.is_empty for one in found.values()] == [False, False, False, True]
    assert found[acme.ben.pk].first_themes[0] == ("Ideation", "thinking")


# From a file


@pytest.mark.parametrize(
    "text",
    [
        "Rank,Theme\n2,Woo\n1,Ideation\n3,Input\n4,Focus\n5,Empathy\n",
        "﻿Ideation\nWoo\nInput\nFocus\nEmpathy\n",
        "Rank;Theme\r\n1;ideation\r\n2;woo\r\n3;input\r\n4;focus\r\n5;empathy\r\n",
        "Name,Theme 1,Theme 2,Theme 3,Theme 4,Theme 5\nBen Tan,Ideation,Woo,Input,Focus,Empathy\n",
    ],
)
def test_a_ranking_comes_from_a_file_in_the_usual_forms(text):
    """R1.8"""
    assert read_results(text.encode()).themes == TOP


def test_a_file_brings_type_ranking_and_other_results(acme):
    lines = ["MBTI,enfp", "Other,DISC,D/I", *(f"{n},{theme}" for n, theme in enumerate(TOP, start=1))]
    take_results(found=read_results("\n".join(lines).encode()), by=acme.actor("ben"))
    found = {(trait.kind, trait.name): trait.value for trait in Trait.objects.all()}
    assert found == {
        ("mbti", ""): {"type": "ENFP"},
        ("strengths", ""): {"themes": TOP},
        ("other", "DISC"): {"text": "D/I"},
    }
    assert set(Trait.objects.values_list("audience", flat=True)) == {"me"}


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "Rank,Theme\n1,Ideation\n2,Achiver\n3,Input\n4,Input\n5,Focus\n",
            [
                "Cell B3: “Achiver” is none of the 34 themes. Did you mean Achiever?",
                "Cell B5: Input stands at Cell B4 already.",
            ],
        ),
        (
            "1,Woo\n1,Input\n",
            ["Cell A2: this rank was given already.", "Give from 5 to 34 themes; here are 1."],
        ),
        ("1,Woo\n3,Input\n4,Focus\n5,Belief\n6,Command\n", ["Rank 2 is missing."]),
        (
            "1,Woo\n40,Input\n",
            ["Cell A2: a rank lies between 1 and 34.", "Give from 5 to 34 themes; here are 1."],
        ),
        ("MBTI,INTX\n", ["Cell B1: “INTX” is none of the sixteen types."]),
        ("MBTI,INTJ\nMBTI,INTP\n", ["Cell B2: a type was given already."]),
        ("Other,DISC\n", ["Cell A1: a name and a result follow here."]),
        ("1,Woo\nInput\n", ["Cell A2: other rows have a rank, this one has none."]),
        ("", ["The file holds no result."]),
        ("Rank,Theme\n", ["The file holds no result."]),
        ('"Woo\n', ["This is no CSV file: a quotation mark is not closed."]),
        ("Woo\n" * 201, ["The file has more than 200 rows."]),
    ],
)
def test_each_fault_of_a_file_names_its_cell(text, faults):
    with pytest.raises(Invalid) as refused:
        read_results(text.encode())
    assert refused.value.fields == {"file": faults}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"Woo\x00\n", b"x" * 70_000])
def test_what_is_no_text_or_too_large_is_refused(content):
    with pytest.raises(Invalid):
        read_results(content)


def test_of_a_file_with_one_fault_nothing_is_taken(acme, client_as):
    from django.core.files.uploadedfile import SimpleUploadedFile

    ben = client_as(acme.ben)
    lines = ["MBTI,ENFP", "1,Woo", "2,Wow", "3,Input", "4,Focus", "5,Belief"]
    file = SimpleUploadedFile("me.csv", "\n".join(lines).encode(), "text/csv")
    page = ben.post("/w/acme/surveys/me/file/", {"file": file})
    assert page.status_code == 422
    assert "Cell B3: “Wow” is none of the 34 themes. Did you mean Woo?" in page.content.decode()
    assert not Trait.objects.exists()
    file = SimpleUploadedFile("me.csv", "\n".join(lines).replace("Wow", "Learner").encode(), "text/csv")
    assert ben.post("/w/acme/surveys/me/file/", {"file": file}).status_code == 302
    assert Trait.objects.count() == 2
