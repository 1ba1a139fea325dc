"""What an unexpected error says about the machine below: its disk is full, or its database is away."""

import errno
from typing import Literal

from django.db import Error as DatabaseError

FULL_CODES = frozenset({"53100", "25006"})
"""disk_full, and read_only_sql_transaction: how a database answers that was told to refuse changes."""
AWAY_CODES = frozenset({"57P01", "57P02", "57P03"})
"""admin_shutdown, crash_shutdown, cannot_connect_now. Source: PostgreSQL 18, appendix A, read 2026-11."""
FULL_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT})
LONGEST_CHAIN = 8


def trouble_of(error: BaseException | None) -> Literal["full", "away"] | None:
    """Tell what was the matter, by the error or what led to it; None for anything else."""
    for _link in range(LONGEST_CHAIN):
        if error is None:
            break
        if found := _trouble(error):
            return found
        error = error.__cause__ or error.__context__
    return None


def _trouble(error: BaseException) -> Literal["full", "away"] | None:
    if isinstance(error, OSError) and error.errno in FULL_NUMBERS:
        return "full"
    cause = error.__cause__
    if not isinstance(error, DatabaseError) or cause is None:
        return None
    code = getattr(cause, "pgcode", None)
    if code in FULL_CODES:
        return "full"
    is_gone = type(cause).__name__ in {"OperationalError", "InterfaceError"} and code is None
    return "away" if is_gone or code in AWAY_CODES or str(code).startswith("08") else None
