"""How texts list things."""

import pytest

from core.listing import listed


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a dan b"), (["a", "b", "c"], "a, b dan c")]
)
def test_the_last_one_stands_after_a_word(names, said):
    assert listed(names, "dan") == said
