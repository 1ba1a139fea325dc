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
) -> None:
    """Send one mail. Raises: what the transport raises; callers run in a job and let it be tried again."""
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, to=list(to), headers=dict(headers or {}))
    if html is not None:
        mail.attach_alternative(html, "text/html")
    mail.send()
