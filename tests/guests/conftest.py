"""A guest with a phone: links are mailed in this process, browsers are the test client's."""

from collections.abc import Callable

import pytest

from guests.models import GuestLink
from guests.services.mails import mail_link
from teams.tenancy import workspace_scope
from tests.guests.linking import path_in_mail


@pytest.fixture
def mailed() -> Callable[[GuestLink], str]:
    """Return a function that mails a link and gives the path of the address in the mail."""

    def send(link: GuestLink) -> str:
        with workspace_scope(link.workspace_id):
            GuestLink.objects.filter(pk=link.pk, next_mail_at=None).update(next_mail_at=link.created_at)
        assert mail_link(workspace_id=link.workspace_id, link_id=link.pk)
        return path_in_mail()

    return send
