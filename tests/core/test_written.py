"""A question kept for many is asked by each with his own ids, and never with another's."""

from datetime import UTC, datetime

import pytest

from core import written as written_module
from core.ids import uuid7
from core.written import written
from teams.models import Membership
from teams.tenancy import workspace_scope

KEY = ("tests", "question")


@pytest.fixture(autouse=True)
def _empty():
    written_module._kept.clear()
    yield
    written_module._kept.clear()


def question(member_id, **more):
    return lambda: Membership.objects.filter(pk=member_id, **more).order_by().values("pk")


def test_a_kept_question_is_filled_with_who_asks(acme):
    made = []

    def ask_as(member):
        who = {"member": member.pk, "workspace": member.workspace_id}

        def build():
            made.append(member.pk)
            return question(member.pk)()

        return written(KEY, who, build)

    first, second = ask_as(acme.ben), ask_as(acme.jun)
    assert made == [acme.ben.pk]
    assert first.sql == second.sql
    assert (acme.ben.pk in first.params, acme.ben.pk in second.params) == (True, False)
    swapped = {acme.ben.pk: acme.jun.pk}
    assert list(second.params) == [swapped.get(param, param) for param in first.params]


def test_a_question_with_anything_else_of_ones_own_is_not_kept(acme):
    who = {"member": acme.ben.pk, "workspace": acme.acme.pk}
    for more in ({"role": uuid7()}, {"joined_at__lt": datetime.now(UTC)}, {"languages__contains": ["ms"]}):
        written(KEY, who, question(acme.ben.pk, **more))
        assert written_module._kept == {}
    written(None, who, question(acme.ben.pk))
    assert written_module._kept == {}


def test_ids_that_cannot_be_told_apart_are_not_kept(acme):
    with workspace_scope(acme.acme.pk):
        written(KEY, {"member": acme.ben.pk, "owner": acme.ben.pk}, question(acme.ben.pk))
    assert written_module._kept == {}
