"""The model of a delivery (issue 6, Proof 1) and the product's literal table cannot drift apart; see make check."""

import pytest

from core.transitions import Transition
from tests.model import checking


def test_the_models_transitions_are_the_tables():
    assert checking.differences() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table[:-1],
        lambda table: (*table, Transition("published", "rearm", "scheduled")),
    ],
)
def test_a_table_that_drifts_from_the_model_is_noticed(monkeypatch, change):
    monkeypatch.setattr(checking, "DELIVERY", change(checking.DELIVERY))

    assert len(checking.differences()) == 1


def test_a_planted_bug_is_found_and_without_it_the_class_holds():
    planted = next(run for run in checking.BUGS if "blindly, class N" in run.name)
    sound = next(run for run in checking.SEARCHES if run.name == "class N")

    assert checking.search(planted).errors == 1
    assert checking.search(sound).errors == 0
