"""The dispatcher's regular work on the ledger; any number of dispatchers may do it at once."""

from publishing import ledger
from publishing.metrics import CALL_LEASES, CLAIM_LEASES
from publishing.services.lanes import lanes
from publishing.services.settling import expire_due


def sweep() -> int:
    """Give back claims nobody carried out, mark lost calls as unknown, have them settled, give up what is over."""
    released, lost = ledger.release_claims(), ledger.lose_calls()
    ledger.count_up(CLAIM_LEASES, released)
    ledger.count_up(CALL_LEASES, lost)
    return released + lost + lanes.settle() + expire_due()
