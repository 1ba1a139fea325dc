"""Two marks of free space: below one nothing is saved, above the other everything is again."""

import shutil
from pathlib import Path

import pytest

from collab.runtime import room as rooms
from collab.runtime.logs import Terminal
from collab.runtime.problems import MEBIBYTE
from collab.runtime.room import Room

pytestmark = pytest.mark.runtime


@pytest.fixture
def disk(tmp_path: Path, monkeypatch) -> dict[str, int]:
    """The free space that the disk says it has."""
    found = {"free": 900}
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(rooms, "LOOK_EVERY_SECONDS", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=found["free"] * MEBIBYTE))
    return found


def test_saving_stops_and_starts_at_the_marks(tmp_path: Path, disk: dict[str, int], capsys):
    told: list[bool] = []
    room = Room(tmp_path, [told.append], Terminal())
    room.begin()
    reserve = tmp_path / "reserve"
    assert reserve.stat().st_size == 32 * MEBIBYTE

    seen = []
    for free in (900, 47, 47, 80, 111, 112, 900):
        disk["free"] = free
        room.look()
        seen.append((free, told[-1], reserve.exists()))

    assert seen == [
        (900, False, True),
        (47, True, False),
        (47, True, False),
        (80, True, False),
        (111, True, False),
        (112, False, True),
        (900, False, True),
    ]
    assert told == [False, True, False]
    assert capsys.readouterr().out.count("almost full") == 1


def test_switch_that_fails_is_tried_again(tmp_path: Path, disk: dict[str, int]):
    tries: list[bool] = []

    def switch(is_low: bool) -> None:
        tries.append(is_low)
        if tries.count(True) == 1:
            raise OSError("the server is on its way back")

    room = Room(tmp_path, [switch], Terminal())
    room.begin()
    disk["free"] = 10
    for _look in range(4):
        room.look()

    assert tries == [False, True, True]
