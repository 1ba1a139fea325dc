"""Every row of the fault matrix has its test."""

import re
from pathlib import Path

ROWS = range(1, 26)


def test_each_of_the_25_rows_has_a_test_of_its_number():
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_row*.py"))
    named = {int(number) for number in re.findall(r"^def test_row_(\d\d)_", text, flags=re.MULTILINE)}

    assert named == set(ROWS)
