"""What the bell of the shell shows."""

from notifications.selectors import unread_notices
from teams.shell import Fact

unread = Fact(lambda by: unread_notices(by).values("pk"), lambda _request, rows: len(rows))
