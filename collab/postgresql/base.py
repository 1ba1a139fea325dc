"""Looks whether a kept connection still lives without asking the server.

Between requests nothing arrives on a healthy connection. When the server has closed it, its end can be read at
once; so a quiet socket stands for what Django asks by `SELECT 1`. Whatever does arrive is looked into as before.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection to PostgreSQL."""

    def is_usable(self) -> bool:
        """Tell whether the connection can be used for the next request."""
        if self.connection is None or self.connection.closed:
            return False
        watch = select.poll()
        watch.register(self.connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
        return not watch.poll(0) or bool(super().is_usable())
