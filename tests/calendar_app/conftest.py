"""What the calendar's tests share: a dispatcher that writes down what it was told."""

from dataclasses import dataclass, field

import pytest

from calendar_app.ports import dispatcher


@dataclass
class Recording:
    """Stands in for publishing and keeps the calls."""

    calls: list[tuple] = field(default_factory=list)

    def planned(self, post, revision, clearance, by):
        self.calls.append(("planned", post.pk, revision.number, clearance.content_hash))

    def moved(self, post, by):
        self.calls.append(("moved", post.pk, post.scheduled_at))

    def withdrawn(self, post, reason, by):
        self.calls.append(("withdrawn", post.pk, reason))

    @property
    def names(self):
        return [call[0] for call in self.calls]


@pytest.fixture
def told(monkeypatch):
    """The calls that the dispatcher got."""
    recording = Recording()
    monkeypatch.setattr(dispatcher, "_impl", recording)
    return recording
