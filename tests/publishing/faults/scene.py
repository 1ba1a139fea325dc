"""What most rows of the fault matrix say: plan posts of some classes, wait for the ledger, compare with the network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest
from django.db import OperationalError, connection

from networks.models import Channel
from publishing.models import Attempt, Delivery
from teams.tenancy import workspace_scope
from tests.factories.deliveries import fake_channel, plan_many
from tests.factories.people import Cast
from tests.support.fakenet import FakeNet
from tests.support.workers import Fleet

CLASSES = "KDSFN"
POSTED_TWICE = 9
FINAL = {"published", "needs_attention", "rejected", "failed", "expired", "cancelled"}


@dataclass
class Scene:
    """One workspace, one network, one crew."""

    cast: Cast
    net: FakeNet
    fleet: Fleet

    def channel(self, capability: str, url: str = "") -> Channel:
        with workspace_scope(self.cast.acme.pk):
            return fake_channel(self.cast.acme, capability, url or self.net.url)

    def publish(
        self, texts: Sequence[str], capability: str = "", *, url: str = "", at: datetime | None = None
    ) -> None:
        """Plan the texts, all at once; each is of the class that its first letter names, unless one is given."""
        with workspace_scope(self.cast.acme.pk):
            for each in sorted({capability or text[0] for text in texts}):
                own = [text for text in texts if (capability or text[0]) == each]
                channel = fake_channel(self.cast.acme, each, url or self.net.url)
                for _ in plan_many(self.cast.acme, [channel], own, at=at):
                    pass

    def rows(self) -> dict[str, Delivery]:
        """Return the deliveries by their texts."""
        with workspace_scope(self.cast.acme.pk):
            rows = Delivery.objects.select_related("post", "channel").order_by("occurrence_no", "pk")
            return {row.post.title: row for row in rows}

    def states(self) -> dict[str, str]:
        return {text: row.state for text, row in self.rows().items()}

    def all_final(self) -> bool:
        """Tell whether everything has come to its end; a database that is away has not."""
        try:
            return set(self.states().values()) <= FINAL
        except OperationalError:
            connection.close()
            return False

    def wait_until_final(self, seconds: float = 90) -> None:
        self.fleet.wait_for(self.all_final, seconds, "all are final")

    def copies(self) -> dict[str, int]:
        return {text: self.net.copies(text) for text in self.rows()}

    def each_is_live_once(self, *, but: Sequence[str] = ()) -> None:
        """Assert that all are published and live once, with the id that the network gave; leave some out."""
        rows = self.rows()
        kept = [text for text in rows if text not in but]
        others = {text: rows[text].state for text in kept if rows[text].state != "published"}
        assert not others, f"not published: {others}"
        wrong = {text: self.net.copies(text) for text in kept if self.net.copies(text) != 1}
        if any(count > 1 for count in wrong.values()):
            pytest.exit(f"posted twice: {wrong}\n{self.history(wrong)}", returncode=POSTED_TWICE)
        assert not wrong, f"copies: {wrong}\n{self.history(wrong)}"
        assert [text for text in kept if rows[text].remote_id not in self.net.live] == []

    def history(self, texts: Iterable[str]) -> str:
        """Return what was called and what was noted of some texts, for a failed row."""
        with workspace_scope(self.cast.acme.pk):
            noted = list(
                Attempt.objects.filter(delivery__post__title__in=list(texts))
                .order_by("intent_at")
                .values_list(
                    "delivery__post__title",
                    "number",
                    "intent_at",
                    "sent_at",
                    "answered_at",
                    "outcome",
                    "worker",
                )
            )
        calls = [(call.text, call.at, call.action) for call in self.net.calls if call.text in texts]
        return "\n".join(str(row) for row in [*calls, *noted])

    def lateness_seconds(self) -> list[float]:
        """Return by how much each published one was late, by the database's clock."""
        rows = [row for row in self.rows().values() if row.published_at]
        return sorted((row.published_at - row.scheduled_at).total_seconds() for row in rows)
