"""The dispatcher's regular work on the ledger; any number of dispatchers may do it at once."""

from publishing import ledger
from publishing.services.lanes import lanes
from publishing.services.settling import expire_due


def sweep() -> int:
    """Give back claims nobody carried out, mark lost calls as unknown, have them settled, give up what is over."""
    done = ledger.release_claims() + ledger.lose_calls() + lanes.settle()
    return done + expire_due()
