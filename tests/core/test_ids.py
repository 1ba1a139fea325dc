"""Identifiers are well-formed and ordered."""

import re
import threading
import time
import uuid

from core.ids import secret_token, tid, uuid7


def test_uuid7_has_its_version_and_variant():
    made = uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_what_is_made_later_sorts_later_also_within_a_millisecond():
    made = [uuid7() for _number in range(20_000)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_threads_share_one_order():
    found: list[list[uuid.UUID]] = []
    threads = [
        threading.Thread(target=lambda: found.append([uuid7() for _number in range(2_000)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(made == sorted(made) for made in found)
    assert len({one for made in found for one in made}) == 8_000


def test_uuid7_sorts_by_time():
    earlier = uuid7()
    until = time.time_ns() + 2_000_000
    while time.time_ns() < until:
        pass
    assert earlier < uuid7()


def test_tids_increase_and_keep_the_alphabet():
    made = [tid() for _ in range(500)]
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"[234567abcdefghij][234567a-z]{12}", one) for one in made)


def test_secrets_differ_and_carry_192_bits():
    assert len({secret_token() for _ in range(100)}) == 100
    assert len(secret_token()) == 32
