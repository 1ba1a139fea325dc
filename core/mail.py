"""Mail transport: one function, plain text and HTML, through Django's configured backend."""

from collections.abc import Mapping, Sequence

from django.core.mail import EmailMultiAlternatives


def send(
    *,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str | None = None,
    headers: Mapping[str, str] | None = None,
    calendar: tuple[str, bytes] | None = None,
) -> None:
    """Send one mail. Raises: what the transport raises; callers run in a job and let it be tried again.

    `calendar` is an invitation's method and text: beside the words, where mail programs look for it, and as a file.
    """
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, to=list(to), headers=dict(headers or {}))
    if html is not None:
        mail.attach_alternative(html, "text/html")
    if calendar is not None:
        method, invitation = calendar
        mail.attach_alternative(invitation.decode(), f"text/calendar; method={method}")
        mail.attach("invite.ics", invitation, "application/ics")
    mail.send()
