"""An approver with one thumb: 360 pixels, three actions, undo, the next one (R7.14)."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect, sync_playwright

from approvals.models import Decision
from approvals.selectors import request_of
from core.refs import Ref
from teams.tenancy import workspace_scope
from tests.approvals.test_api import submit_for

pytestmark = pytest.mark.browser
TOUCH = 44


@pytest.fixture
def phone(live_cast, client_as, live_server) -> Iterator[Page]:
    """Cleo's phone, logged in."""
    # Playwright keeps an event loop running in this thread; Django would take it for an asynchronous caller.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True
        )
        session = client_as(live_cast.cleo).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        yield context.new_page()
        context.close()
        chromium.close()


def test_three_posts_in_three_taps_one_of_them_undone(live_cast, phone):
    posts = [submit_for(live_cast, "ben", text) for text in ("First.", "Second.", "Third.")]
    phone.goto("/w/acme/approvals/")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.get_by_role("link", name="First pour").first.click()
    bar = phone.get_by_role("region", name="Decision").last
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    for button in bar.get_by_role("button").all():
        assert button.bounding_box()["height"] >= TOUCH

    _swipe(phone, -200)
    expect(phone.get_by_text("Second.", exact=True)).to_be_visible()
    _swipe(phone, 200)
    expect(phone.get_by_text("First.", exact=True)).to_be_visible()

    bar.get_by_role("button", name="Approve").tap()
    toast = phone.get_by_role("status").filter(has_text="Approved “First pour”")
    expect(toast).to_be_visible()
    expect(phone.get_by_text("Second.", exact=True)).to_be_visible()
    toast.get_by_role("button", name="Undo").tap()
    expect(phone.get_by_text("First.", exact=True)).to_be_visible()
    assert _states(live_cast, posts) == ["open", "open", "open"]

    bar.get_by_role("button", name="Ask changes").tap()
    dialog = phone.get_by_role("dialog")
    dialog.get_by_label("What should change, and why").fill("Say nine.")
    dialog.get_by_role("button", name="Ask for changes").tap()
    expect(phone.get_by_text("Second.", exact=True)).to_be_visible()
    bar.get_by_role("button", name="Approve").tap()
    expect(phone.get_by_text("Third.", exact=True)).to_be_visible()
    assert _states(live_cast, posts) == ["changes_requested", "approved", "open"]
    with workspace_scope(live_cast.acme.pk):
        assert Decision.objects.filter(undone_at=None, member=live_cast.cleo).count() == 2


def _swipe(phone: Page, across: int) -> None:
    """Draw a finger over the post, `across` pixels to the right."""
    phone.locator(".review-main").evaluate(
        """(place, across) => {
            const at = (x) => new Touch({ identifier: 1, target: place, clientX: x, clientY: 300 });
            const how = (name, touch, touches) =>
                new TouchEvent(name, { bubbles: true, touches, changedTouches: [touch] });
            const [from, to] = [at(180), at(180 + across)];
            place.dispatchEvent(how("touchstart", from, [from]));
            place.dispatchEvent(how("touchend", to, []));
        }""",
        across,
    )


def _states(cast, posts) -> list[str]:
    with workspace_scope(cast.acme.pk):
        return [request_of(Ref("calendar_app.post", post.pk)).state for post in posts]
