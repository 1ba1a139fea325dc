"""Sealed secrets open where they belong, and nowhere else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.envelope import (
    BadKeys,
    EnvelopeError,
    KeyRing,
    Malformed,
    Tampered,
    UnknownKey,
    encode_aad,
    new_data_key,
    new_ring_key,
    open_sealed,
    rewrap,
    ring,
    seal,
    wrapping_key_id,
)

RING = KeyRing.parse([new_ring_key("2026-11"), new_ring_key("2025-01")])
ACME_KEY = new_data_key(RING)
OTHER_KEY = new_data_key(RING)
AAD = ("workspace-acme", "channel-1", "access_token")

# Surrogates stand for no character and cannot be encoded.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
aads = st.lists(texts, min_size=1, max_size=5)


@given(st.binary(max_size=300), aads)
def test_sealed_value_opens_to_what_was_sealed(plaintext: bytes, aad: list[str]):
    assert open_sealed(RING, ACME_KEY, seal(RING, ACME_KEY, plaintext, aad), aad) == plaintext


@given(aads, aads)
def test_sealed_value_does_not_open_with_other_associated_data(aad: list[str], other: list[str]):
    assume(aad != other)
    sealed = seal(RING, ACME_KEY, b"token", aad)
    with pytest.raises(Tampered):
        open_sealed(RING, ACME_KEY, sealed, other)


@given(aads, aads)
def test_associated_data_is_encoded_without_ambiguity(one: list[str], other: list[str]):
    assert (encode_aad(one) == encode_aad(other)) == (one == other)


@pytest.mark.parametrize("other", [("ab", "c"), ("abc",), ("a", "b", "c"), ("a", "bc", ""), ("", "a", "bc")])
def test_associated_data_is_not_merely_joined(other: tuple[str, ...]):
    assert encode_aad(("a", "bc")) != encode_aad(other)


@pytest.mark.parametrize("aad", ["workspace", "", (), []])
def test_associated_data_that_binds_to_nothing_is_refused(aad):
    with pytest.raises(ValueError, match="sequence of strings"):
        seal(RING, ACME_KEY, b"token", aad)
    with pytest.raises(ValueError, match="sequence of strings"):
        open_sealed(RING, ACME_KEY, seal(RING, ACME_KEY, b"token", AAD), aad)


@pytest.mark.parametrize(
    "elsewhere",
    [
        ("workspace-other", "channel-1", "access_token"),
        ("workspace-acme", "channel-2", "access_token"),
        ("workspace-acme", "channel-1", "refresh_token"),
    ],
    ids=["workspace", "row", "field"],
)
def test_ciphertext_swapped_between_rows_does_not_open(elsewhere: tuple[str, ...]):
    sealed = seal(RING, ACME_KEY, b"token", AAD)
    with pytest.raises(Tampered):
        open_sealed(RING, ACME_KEY, sealed, elsewhere)


def test_ciphertext_and_its_place_do_not_open_with_another_workspaces_key():
    sealed = seal(RING, ACME_KEY, b"token", AAD)
    with pytest.raises(Tampered):
        open_sealed(RING, OTHER_KEY, sealed, AAD)


@given(st.data())
def test_any_changed_byte_of_a_sealed_value_is_found(data: st.DataObject):
    sealed = bytearray(seal(RING, ACME_KEY, b"a token of some length", AAD))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeError):
        open_sealed(RING, ACME_KEY, bytes(sealed), AAD)


@given(st.data())
def test_any_changed_byte_of_a_wrapped_key_is_found(data: st.DataObject):
    wrapped = bytearray(ACME_KEY)
    wrapped[data.draw(st.integers(0, len(wrapped) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeError):
        seal(RING, bytes(wrapped), b"token", AAD)


@given(st.binary(max_size=120))
def test_foreign_bytes_are_malformed_not_a_crash(content: bytes):
    assume(not content.startswith((b"CW1", b"CS1")))
    with pytest.raises(Malformed):
        open_sealed(RING, content, b"", AAD)
    with pytest.raises(Malformed):
        open_sealed(RING, ACME_KEY, content, AAD)


@given(st.integers(0, 43))
def test_cut_envelopes_are_refused(length: int):
    sealed = seal(RING, ACME_KEY, b"token", AAD)
    assert length < min(len(sealed), len(ACME_KEY))
    with pytest.raises(EnvelopeError):
        open_sealed(RING, ACME_KEY, sealed[:length], AAD)
    with pytest.raises(Malformed):
        open_sealed(RING, ACME_KEY[:length], sealed, AAD)


def test_database_buffers_are_read_like_bytes():
    sealed = seal(RING, memoryview(ACME_KEY), b"token", AAD)
    assert open_sealed(RING, memoryview(ACME_KEY), memoryview(sealed), AAD) == b"token"


def test_same_secret_sealed_twice_gives_different_bytes():
    assert seal(RING, ACME_KEY, b"token", AAD) != seal(RING, ACME_KEY, b"token", AAD)


def test_rotation_keeps_sealed_values_readable_before_during_and_after():
    old = KeyRing.parse([new_ring_key("old")])
    wrapped = new_data_key(old)
    sealed = seal(old, wrapped, b"token", AAD)
    both = KeyRing((("new", b"\x07" * 32), *old.keys))
    rotated = rewrap(both, wrapped)
    assert [wrapping_key_id(wrapped), wrapping_key_id(rotated)] == ["old", "new"]
    assert open_sealed(both, wrapped, sealed, AAD) == open_sealed(both, rotated, sealed, AAD) == b"token"
    only_new = KeyRing((("new", b"\x07" * 32),))
    assert open_sealed(only_new, rotated, sealed, AAD) == b"token"
    with pytest.raises(UnknownKey) as caught:
        open_sealed(only_new, wrapped, sealed, AAD)
    assert caught.value.key_id == "old"


def test_rotation_leaves_a_key_alone_that_is_current():
    assert rewrap(RING, ACME_KEY) == ACME_KEY


def test_ring_key_replaced_under_its_id_is_found():
    replaced = KeyRing.parse([new_ring_key("2026-11")])
    with pytest.raises(Tampered):
        seal(replaced, ACME_KEY, b"token", AAD)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [""],
        ["nothing"],
        ["id:"],
        ["id:not base64!"],
        ["id:AAAA"],
        [":" + new_ring_key("a")[2:]],
        ["a b:" + new_ring_key("a")[2:]],
        [new_ring_key("a"), new_ring_key("a")],
        ["x" * 33 + ":" + new_ring_key("a")[2:]],
    ],
)
def test_ring_that_is_badly_written_is_refused(entries: list[str]):
    with pytest.raises(BadKeys):
        KeyRing.parse(entries)


def test_ring_never_shows_its_keys():
    entry = new_ring_key("shown")
    kept = KeyRing.parse([entry])
    assert entry.partition(":")[2] not in repr(kept)
    assert repr(kept.keys[0][1]) not in repr(kept)


def test_ring_is_read_from_the_settings(settings):
    settings.COLLAB_KEYS = [new_ring_key("now"), new_ring_key("before")]
    assert [key_id for key_id, _ in ring().keys] == ["now", "before"]
    settings.COLLAB_KEYS = [new_ring_key("later")]
    assert ring().current_id == "later"
