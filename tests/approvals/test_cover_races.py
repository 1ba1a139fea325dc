"""Handing back against deciding (R1.6), on connections of their own: nothing is decided in a name after the end."""

from datetime import timedelta

import pytest

from approvals.models import Decision
from approvals.services.decisions import decide
from approvals.states import Verdict
from core.clock import now
from core.errors import NotAllowed
from teams.models import Absence
from teams.permissions import covered_actors
from teams.services.absences import end_absence
from teams.tenancy import workspace_scope
from tests.approvals.paper import Paper, away, submit
from tests.support.threads import at_once

pytestmark = pytest.mark.final

ROUNDS = 8


def test_nothing_is_decided_in_a_name_after_the_handing_back(live_cast):
    """Either the decision comes first and counts, or the end does and the backup is refused."""
    outcomes = set()
    for _round in range(ROUNDS):
        with workspace_scope(live_cast.acme.pk):
            Absence.objects.all().delete()
            away(live_cast, "cleo", "farah")
            request = submit(live_cast, "ben", Paper())
            farah, cleo = live_cast.actor("farah"), live_cast.actor("cleo")
            absence = Absence.objects.select_related("member__user", "member__workspace").get()
        decided, ended = at_once(
            live_cast.acme.pk,
            lambda request=request, by=farah: decide(
                request=request, verdict=Verdict.APPROVE, revision_id=request.revision_id, by=by
            ),
            lambda absence=absence, by=cleo: (end_absence(absence=absence, by=by), now())[1],
        )
        with workspace_scope(live_cast.acme.pk):
            rows = list(Decision.objects.filter(request=request))
            over = Absence.objects.get().ends_at
        assert not isinstance(ended, Exception), ended
        if isinstance(decided, NotAllowed):
            assert rows == []
        else:
            assert [row.on_behalf_of_id for row in rows] == [live_cast.cleo.pk]
            assert rows[0].at <= over + timedelta(milliseconds=1)
        outcomes.add(type(decided).__name__)
    assert outcomes <= {"Decision", "NotAllowed"}


def test_a_cover_that_ends_while_the_decision_waits_decides_nothing(live_cast):
    """The gate let the backup in; when his turn comes the absence is over, and he is refused."""
    with workspace_scope(live_cast.acme.pk):
        away(live_cast, "cleo", "farah")
        request = submit(live_cast, "ben", Paper())
        farah = live_cast.actor("farah")
        assert len(covered_actors(farah)) == 1  # what the page knew
        Absence.objects.update(ends_at=now())
        with pytest.raises(NotAllowed, match="You are not covering this person now"):
            decide(request=request, verdict=Verdict.APPROVE, revision_id=request.revision_id, by=farah)
        assert not Decision.objects.exists()
