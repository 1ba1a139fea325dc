"""People in Chromium: each has a window of his own, and whatever a page complains about is collected."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.journeys.product import Product

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
PASSWORD = "demo-demo-demo"
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# WCAG 2.5.8 lets a target be small where another control on the page does the same: a campaign's bar in the month
# narrows the calendar to it, and so does the filter above.
FIND_VIOLATIONS = """([rules, within]) => {
  axe.configure({rules: [{id: "target-size", selector: "*:not(.bar)"}]});
  const options = {runOnly: rules, preload: false};
  return axe.run(within || document, options).then((found) => found.violations.flatMap((each) =>
    each.nodes.map((node) => `${each.id} ${node.target} ${node.failureSummary.split("\\n")[1]?.trim()}`)));
}"""

IS_READY = """() => !document.querySelector('script[type="importmap"]')
  || 'ready' in document.documentElement.dataset"""

expect.set_options(timeout=15_000)


@dataclass
class Person:
    """Somebody with a window: what he sees, and what his pages complained about."""

    product: Product
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    has_scripts: bool = True

    def open(self, path: str, status: int = 200) -> None:
        """Open a page by its address and wait until its controllers answer."""
        answer = self.page.goto(f"{self.product.url}{path}")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        if self.has_scripts:
            self.page.wait_for_function(IS_READY)

    def arrive_at(self, address: str) -> None:
        """Wait until the window shows an address, a pattern, and its controllers answer."""
        self.page.wait_for_url(re.compile(address))
        self.page.wait_for_function(IS_READY)

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        """Log in by the form."""
        self.open("/accounts/login/")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("button", name="Log in")).to_have_count(0)

    def press(self, name: str) -> None:
        """Press the one button of this name that is to be seen."""
        self.page.get_by_role("button", name=name, exact=True).locator("visible=true").click()

    def violations(self, within: str = "") -> list[str]:
        """Return what axe finds on the page as it stands, or within one part of it."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text())
        return list(self.page.evaluate(FIND_VIOLATIONS, [RULES, within]))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(
            self.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def end(self) -> None:
        """Close the window. Raises: AssertionError for what the pages complained about."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)


Arrive = Callable[..., Person]


def arrive(
    browser: Browser,
    product: Product,
    *,
    size: dict[str, int] = DESK,
    theme: str = "light",
    is_measured: bool = False,
    has_scripts: bool = True,
) -> Person:
    """Let somebody sit down at a desk or take a phone out.

    `is_measured` lifts the pages' own rules on styles, which axe breaks while it measures.
    """
    context = browser.new_context(
        viewport=size,
        color_scheme=theme,
        has_touch=size == PHONE,
        bypass_csp=is_measured,
        java_script_enabled=has_scripts,
        reduced_motion="reduce" if is_measured else None,
    )
    page = context.new_page()
    person = Person(product, context, page, has_scripts=has_scripts)

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            person.complaints.append(f"{message.type}: {message.text} ({page.url})")

    def answered(response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status >= (500 if is_page else 400):
            person.complaints.append(f"{response.status} {response.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: person.complaints.append(f"error: {error} ({page.url})"))
    page.on("response", answered)
    return person
