"""Telling in this process, as in the tests of notices."""

from tests.notifications.conftest import tell_all

__all__ = ["tell_all"]
