"""The checker itself: a sound history passes, and each planted violation is found by its invariant and no other."""

import pytest

from tests.chaos.checking import check
from tests.chaos.history import Call, History, Live, Row


def sound() -> History:
    """Five deliveries of two tenants: two live, one refused, one that nobody can know of, one held."""
    history = History(seed=1, bound_seconds=60, settling_seconds=30)
    for text, tenant, capability, state in [
        ("D one", "acme", "D", "published"),
        ("K two", "other", "K", "published"),
        ("F three", "acme", "F", "rejected"),
        ("N four", "other", "N", "needs_attention"),
    ]:
        is_live = state == "published"
        outcome = {"published": "accepted", "rejected": "rejected"}.get(state, "unknown")
        history.rows.append(
            Row(
                text=text,
                tenant=tenant,
                capability=capability,
                state=state,
                reason="",
                scheduled_at=1000.0,
                published_at=1002.0 if is_live else None,
                remote_id=f"id {text}" if is_live else "",
                is_intact=True,
                outcomes=[outcome],
                entries=int(is_live),
            )
        )
        history.calls.append(Call(text, tenant, 1001.0, "ok"))
        if is_live:
            history.live.append(Live(f"id {text}", text, tenant))
    history.rows.append(
        Row("H five", "acme", "D", "scheduled", "", 1000.0, None, "", True, [], 0, is_held=True)
    )
    return history


def broken(history: History) -> set[str]:
    return {verdict.name.split()[0] for verdict in check(history) if verdict.broken}


PLANTED = {
    "I1": lambda h: h.live.append(Live("second", "D one", "acme")),
    "I2": lambda h: vars(h.rows[3]).update(state="sending"),
    "I3": lambda h: vars(h.rows[0]).update(remote_id="another"),
    "I4": lambda h: h.live.append(Live("id F three", "F three", "acme")),
    "I5": lambda h: vars(h.rows[3]).update(capability="F"),
    "I6": lambda h: vars(h.rows[1]).update(is_intact=False),
    "I7": lambda h: vars(h.calls[0]).update(at=999.0),
    "I8": lambda h: vars(h.rows[0]).update(published_at=1061.0),
    "I9": lambda h: vars(h.rows[1]).update(entries=2),
    "I10": lambda h: vars(h.calls[2]).update(tenant="other"),
    "I11": lambda h: h.calls.append(Call("H five", "acme", 1001.0, "ok")),
}


def test_a_sound_history_breaks_nothing():
    verdicts = check(sound())

    assert [verdict.name.split()[0] for verdict in verdicts] == [f"I{n}" for n in range(1, 12)]
    assert broken(sound()) == set()
    assert all(verdict.looked_at for verdict in verdicts)


@pytest.mark.parametrize("invariant", sorted(PLANTED))
def test_each_planted_violation_is_found(invariant):
    history = sound()
    PLANTED[invariant](history)

    assert broken(history) == {invariant}


@pytest.mark.parametrize(
    ("plant", "invariant"),
    [
        (lambda h: h.live.clear(), "I3"),
        (lambda h: vars(h.rows[4]).update(state="rejected"), "I11"),
        (lambda h: vars(h.rows[3]).update(outcomes=["rejected"]), "I5"),
        (lambda h: h.seal_breaks.append("acme: an entry was changed"), "I9"),
        (lambda h: vars(h.rows[0]).update(entries=0), "I9"),
        (lambda h: vars(h.live[0]).update(tenant="other"), "I10"),
        (lambda h: vars(h.rows[0]).update(published_at=1091.0, outcomes=["unknown", "accepted"]), "I8"),
    ],
)
def test_further_violations_are_found(plant, invariant):
    history = sound()
    plant(history)

    assert broken(history) == {invariant}


def test_a_call_without_a_word_allows_for_its_settling_and_no_more():
    history = sound()
    vars(history.rows[0]).update(published_at=1089.0, outcomes=["unknown", "accepted"])

    assert broken(history) == set()


def test_a_saved_history_is_the_history(tmp_path):
    history = sound()
    history.faults = {"kill": 3}
    history.save(tmp_path / "history")

    assert History.load(tmp_path / "history") == history
