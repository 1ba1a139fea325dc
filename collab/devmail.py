"""`/dev/mail/`: in the demo, the mails that would have been sent."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from teams.gates import public

MOST = 100


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its reader sees it."""

    to: str
    subject: str
    date: str
    text: str


@public("GET")
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the latest mails, newest first; there is no such page outside the demo."""
    if not settings.DEMO:
        raise Http404
    return render(request, "collab/dev_mail.html", {"mails": latest(Path(settings.EMAIL_FILE_PATH))})


def latest(folder: Path) -> list[Mail]:
    """Return the newest mails of the folder that the file backend writes to."""
    if not folder.is_dir():
        return []
    files = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    found: list[Mail] = []
    for path in files[:MOST]:
        found += reversed(read_file(path.read_bytes()))
    return found[:MOST]


def read_file(raw: bytes) -> list[Mail]:
    """Return the mails of one file; the backend divides them by a line of 79 dashes."""
    parts = [part.strip(b"\n") for part in raw.split(b"\n" + b"-" * 79 + b"\n")]
    return [_read(part) for part in parts if part.strip()]


def _read(raw: bytes) -> Mail:
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain", "html"))
    return Mail(
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        date=str(message["Date"] or ""),
        text=body.get_content() if body is not None else "",
    )
