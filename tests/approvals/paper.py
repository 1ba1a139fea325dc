"""A plain thing to put up for approval, so that the engine is tested without posts."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from approvals.models import Request
from approvals.paths import SubmissionFacts
from approvals.registry import Approvable, Description, register_approvable
from approvals.services.requests import submit_request
from approvals.services.workflows import StepInput, create_workflow
from core.ids import uuid7
from core.refs import Ref
from teams.models import Absence, Backup, Role
from teams.subjects import Subject, register_subject

KIND = "tests.paper"
HASH = "a" * 64


@dataclass
class Paper:
    """A thing with a revision."""

    ref: Ref = field(default_factory=lambda: Ref(KIND, uuid7()))
    revision_id: uuid.UUID = field(default_factory=uuid7)
    number: int = 1
    title: str = "Paper"
    texts: dict = field(default_factory=dict)


papers: dict[uuid.UUID, Paper] = {}
followed: list[tuple[uuid.UUID, str]] = []
refusing: set[uuid.UUID] = set()


def _on_state(ref, state, *, request, by) -> None:
    followed.append((ref.id, str(state)))
    if ref.id in refusing:
        raise RuntimeError("the subject refused")


def _describe(actor, ids: Sequence[uuid.UUID]):
    return {ident: Description(title="Paper") for ident in ids}


def _load(_actor, ident):
    return SimpleNamespace(id=ident)


def _label(_thing) -> str:
    return "Paper"


def _path(slug, ident) -> str:
    return f"/w/{slug}/papers/{ident}/"


def _preview(_request, _ref, revision_id) -> str:
    return f"<p>Paper {revision_id}</p>"


def _texts(_actor, ref, revision_id):
    return papers[ref.id].texts.get(revision_id, {}) if ref.id in papers else {}


register_subject(Subject(type=KIND, load=_load, label=_label, path=_path))
register_approvable(
    Approvable(type=KIND, on_state=_on_state, describe=_describe, preview=_preview, texts=_texts)
)


def states_of(paper: Paper) -> list[str]:
    """Return the states that the paper was moved through."""
    return [state for ident, state in followed if ident == paper.ref.id]


def submit(cast, by: str, paper: Paper | None = None, *, authors=None, workflow=None, facts=None) -> Request:
    """Submit a paper made by `by`, or by `authors`."""
    paper = paper or Paper()
    actor = cast.actor(by)
    makers = [getattr(cast, name).pk for name in (authors or [by])]
    return submit_request(
        subject=paper.ref,
        revision_id=paper.revision_id,
        revision_number=paper.number,
        content_hash=HASH,
        author_ids=makers,
        facts=facts or SubmissionFacts(),
        workflow=workflow,
        by=actor,
    )


def workflow_of(cast, *steps: StepInput, name: str = "Path", **fields):
    """Make a workflow of these steps."""
    return create_workflow(name=name, steps=steps, by=cast.actor("ana"), **fields)


def role(key: str) -> Role:
    """Return a built-in role."""
    return Role.objects.get(key=key)


def away(cast, name: str, *backups: str) -> None:
    """Send somebody on leave, with these backups."""
    from datetime import timedelta

    from core.clock import now

    member = getattr(cast, name)
    Backup.objects.filter(member=member).delete()
    for position, backup in enumerate(backups, start=1):
        Backup(
            workspace_id=member.workspace_id, member=member, backup=getattr(cast, backup), position=position
        ).save()
    Absence(
        workspace_id=member.workspace_id,
        member=member,
        starts_at=now() - timedelta(hours=1),
        recorded_by=member,
    ).save()
