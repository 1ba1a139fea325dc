"""What the template tags put on the page."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.test import RequestFactory

from core.templatetags import ui

WHEN = datetime(2026, 3, 19, 13, 15, tzinfo=UTC)
SHELL = {"workspace": {"timezone": "Asia/Kuala_Lumpur"}, "user": {"timezone": "Asia/Kuala_Lumpur"}}


def draw(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


def test_icon_points_at_the_sprite_and_is_silent():
    html = draw('{% icon "check" "s" %}')
    assert 'class="icon icon-s"' in html
    assert 'icons.svg#i-check"' in html
    assert 'aria-hidden="true"' in html


def test_filled_icon_is_filled():
    assert " data-fill " in draw('{% icon "star-filled" %}')


@pytest.mark.parametrize("state", ui.POST_STATES)
def test_state_badge_shows_colour_icon_and_word(state):
    html = draw("{% state_badge state %}", state=state)
    icon, word = ui.STATES[state]
    assert f'data-state="{state}"' in html
    assert f"#i-{icon}" in html
    assert str(word) in html


def test_post_states_are_the_fourteen_of_the_contract():
    assert ui.POST_STATES == (
        "draft", "in_review", "changes_requested", "rejected", "approved", "scheduled", "publishing", "published",
        "partly_published", "needs_attention", "failed", "expired", "cancelled", "archived",
    )  # fmt: skip


def test_held_state_carries_the_paused_mark():
    assert "Paused" in draw('{% state_badge "scheduled" held=True %}')
    assert "Paused" not in draw('{% state_badge "scheduled" %}')


def test_delivery_state_borrows_a_colour_and_keeps_its_word():
    html = draw('{% state_badge "unknown" %}')
    assert 'data-state="publishing"' in html
    assert "Outcome not known yet" in html


def test_unknown_state_is_an_error_and_no_blank_badge():
    with pytest.raises(KeyError):
        draw('{% state_badge "nonsense" %}')


def test_network_mark_is_named_unless_its_name_stands_beside_it():
    assert 'aria-label="Google Business Profile"' in draw('{% network_mark "google_business" %}')
    assert "aria-label" not in draw('{% network_mark "bluesky" "s" True %}')


def test_new_network_gets_a_neutral_mark_and_a_readable_name():
    html = draw('{% network_mark "some_new" %}')
    assert "#i-world" in html
    assert 'aria-label="Some new"' in html


def test_avatar_keeps_its_colour_and_escapes_the_name():
    assert draw('{% avatar "Ana" %}') == draw('{% avatar "Ana Rahman" %}')
    assert "<b>" not in draw("{% avatar name named=True %}", name="<b>Eve")


def test_cast_has_different_colours():
    hues = {ui.hue_of(name, ui.PERSON_HUES) for name in ("Ana", "Ben", "Cleo", "Dev", "Farah", "Jun")}
    assert len(hues) == 6


def test_localtime_speaks_in_the_workspaces_zone():
    html = draw("{% localtime when %}", when=WHEN, shell=SHELL)
    assert html.endswith(">Thu 19 Mar, 21:15</time>")
    assert 'datetime="2026-03-19T13:15:00+00:00"' in html
    assert "your time" not in html


def test_localtime_tells_the_viewers_own_time_where_it_differs():
    shell = SHELL | {"user": {"timezone": "Europe/Berlin"}}
    assert "Thu 19 Mar, 14:15 your time" in draw("{% localtime when %}", when=WHEN, shell=shell)


@pytest.mark.parametrize(
    ("style", "words"),
    [("time", "21:15"), ("day", "Thu 19"), ("date", "19 Mar 2026"), ("seconds", "Thu 19 Mar, 21:15:00")],
)
def test_localtime_styles(style, words):
    assert f">{words}</time>" in draw("{% localtime when style=style %}", when=WHEN, shell=SHELL, style=style)


def test_localtime_of_nothing_is_nothing():
    assert draw("{% localtime when %}", when=None) == ""


class PostForm(forms.Form):
    title = forms.CharField(help_text="Only your team sees it.")
    tell = forms.BooleanField(required=False)
    rule = forms.ChoiceField(choices=[("any", "Any"), ("all", "All")], widget=forms.RadioSelect)


def test_field_wires_label_help_and_error():
    html = draw("{% field form.title %}", form=PostForm({}))
    assert '<label class="field-label" for="id_title">Title</label>' in html
    assert 'aria-describedby="id_title-errors id_title-help"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_title-errors"' in html
    assert "This field is required." in html


def test_field_without_mistake_says_nothing_of_errors():
    html = draw("{% field form.title %}", form=PostForm({"title": "Sahur"}))
    assert "aria-invalid" not in html
    assert "errors" not in html


def test_field_of_a_tick_puts_the_label_behind_the_box():
    html = draw("{% field form.tell %}", form=PostForm({}))
    assert html.index("checkbox") < html.index("<label")


def test_field_of_choices_is_a_group_with_a_legend():
    html = draw("{% field form.rule %}", form=PostForm({}))
    assert "<fieldset" in html
    assert ">Rule</legend>" in html


def test_navigation_marks_the_nearest_place():
    nav = [
        {"key": "work", "label": "My work", "icon": "checkbox", "url": "/w/acme/", "count": None},
        {"key": "posts", "label": "Posts", "icon": "article", "url": "/w/acme/posts/", "count": None},
        {
            "key": "settings",
            "label": "Settings",
            "icon": "settings",
            "url": "/w/acme/settings/",
            "count": None,
        },
    ]
    request = RequestFactory().get("/w/acme/posts/7/")
    groups = ui.nav_groups(Context({"request": request}), nav)
    assert [item["current"] for item in groups["main"]] == [False, True]
    assert [item["key"] for item in groups["foot"]] == ["settings"]


def test_page_may_say_where_it_is():
    nav = [
        {
            "key": "approvals",
            "label": "Approvals",
            "icon": "eye-check",
            "url": "/w/acme/approvals/",
            "count": 4,
        }
    ]
    groups = ui.nav_groups(
        Context({"request": RequestFactory().get("/elsewhere/"), "nav_key": "approvals"}), nav
    )
    assert groups["main"][0]["current"] is True


def test_message_carries_its_undo():
    assert ui.undo_url(Message(25, "Moved.", extra_tags="undo:/w/acme/undo/1/")) == "/w/acme/undo/1/"
    assert ui.undo_url(Message(25, "Moved.")) == ""


def test_import_map_lists_the_controllers_under_the_nonce():
    request = RequestFactory().get("/")
    request.csp_nonce = "n0nce"
    html = draw("{% import_map %}", request=request)
    assert '<script type="importmap" nonce="n0nce">' in html
    assert '"controllers/menu":' in html
