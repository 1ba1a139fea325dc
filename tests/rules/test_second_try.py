"""scripts/test tries some failures again, and never those that must not happen even once (decision 0012)."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "test"


@pytest.fixture(scope="module")
def script() -> Any:
    loader = SourceFileLoader("suite_script", str(SCRIPT))
    found = spec_from_loader("suite_script", loader)
    assert found is not None
    module = module_from_spec(found)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("code", "failed", "again"),
    [
        (1, {"a": False}, True),
        (1, {str(number): False for number in range(5)}, True),
        (1, {str(number): False for number in range(6)}, False),
        (1, {"a": False, "b": True}, False),
        (1, {}, False),
        (2, {"a": False}, False),
        (9, {"a": False}, False),
        (0, {}, False),
    ],
)
def test_a_few_failures_are_tried_again_but_none_that_is_final(script, code, failed, again):
    ran = script.Ran(script.PARTS[0], code, {}, 1.0, failed)

    assert ran.may_be_tried_again is again
    assert ran.is_good is (code == 0)


def test_what_held_at_the_second_try_only_is_named(script):
    ran = script.Ran(script.PARTS[0], 1, {"failed": 1}, 1.0, {"tests/a.py::test_b": False}, held_again=True)

    assert ran.is_good
    assert "at the second try only: tests/a.py::test_b" in script.line(ran)
