"""An account on a network without an interface for programs: rendered here, posted by a person at its time.

Nothing in this adapter can reach the outside; the engine never calls `publish`, and the database refuses the step.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from core.http import OutboundClient
from networks.outcomes import media_entry
from networks.problems import find_problems
from networks.protocol import (
    Call,
    Capability,
    Connected,
    Counting,
    CredentialField,
    Draft,
    Finding,
    Limits,
    Outcome,
    OutcomeKind,
    Reconciled,
    Rendered,
)
from networks.texts import clean

MB = 1024 * 1024
TEXT_MOST = 100_000
TEXT_USUAL = 2200
URL_MOST = 500


class ByHandAdapter:
    """A network that people post to."""

    kind = "by-hand"
    label = gettext_lazy("By hand")
    credential_fields = (
        CredentialField(
            "account",
            gettext_lazy("Account"),
            help=gettext_lazy("As people know it, such as “Acme Kopi on Xiaohongshu”."),
        ),
        CredentialField(
            "page",
            gettext_lazy("Where it is posted"),
            help=gettext_lazy("The address that opens on the phone, beginning with https://."),
        ),
        CredentialField(
            "text_max",
            gettext_lazy("Longest text"),
            is_optional=True,
            default=str(TEXT_USUAL),
            help=gettext_lazy("How many characters the network takes."),
        ),
    )
    connect_steps = (
        gettext_lazy("Collab does not log in there and sends nothing by itself."),
        gettext_lazy(
            "At its time, whoever has the channel as a duty gets text, files and address, posts, and gives the link."
        ),
    )
    option_fields = ()
    call_seconds = 5.0
    settle_seconds = 0.0
    resend_seconds = 0.0
    pace = None

    def connect(self, http: OutboundClient, credentials: Mapping[str, str]) -> Connected:
        """Check what was given; nobody is asked. Raises: Invalid."""
        page, most = credentials["page"], credentials["text_max"]
        parts = urlsplit(page)
        if parts.scheme != "https" or not parts.hostname or len(page) > URL_MOST:
            raise _refused("page", _("Give an address that begins with https://."))
        if not (most.isascii() and most.isdigit() and 1 <= int(most[:7]) <= TEXT_MOST):
            raise _refused("text_max", _("Give a number from 1 to %(most)d.") % {"most": TEXT_MOST})
        return Connected(
            handle=credentials["account"][:255],
            remote_account_id=page[:255],
            name=credentials["account"][:120],
            capability=Capability.HAND,
            limits=Limits(int(most), Counting.CHARACTERS, 20, 20 * MB, 1024 * MB, 14_400),
            facts={"page": page},
        )

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Return text and files as a person will post them."""
        text = clean(draft.text)
        payload = {
            "text": text,
            "language": draft.language,
            "media": [media_entry(media) for media in draft.media],
        }
        return Rendered(payload, tuple(find_problems(draft, len(text), limits)), len(text))

    def mint_key(self, delivery_id: UUID) -> str:
        """Return nothing: the network chooses."""
        return ""

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Do nothing: a person carries the files."""
        return {}

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Refuse: only people post here."""
        return Outcome(OutcomeKind.NOT_SENT, reason="A person posts this by hand.")

    def reconcile(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Reconciled:
        """Leave it to people."""
        return Reconciled(Finding.UNDECIDED)

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Refuse: only people take down what people posted."""
        return Outcome(OutcomeKind.NOT_SENT, reason="A person takes this down by hand.")


def _refused(field: str, message: str) -> Invalid:
    return Invalid(_("The account could not be connected."), fields={f"credentials.{field}": [message]})
