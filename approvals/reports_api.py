"""Certificates and figures of approvals, for programs."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from approvals.answers import CertificateOutput, FiguresOutput, RiskOutput
from approvals.certificates import Certificate, certificate
from approvals.figures import PERIODS, Figures, figures
from approvals.permissions import FIGURES, SEE
from approvals.risks import Risk, at_risk
from approvals.serializers import decision_json
from core.errors import Invalid
from teams.rest import endpoint

DAYS = OpenApiParameter("days", int, description="28 (the default), 90 or 365.")


@endpoint({"GET": FIGURES}, answers=FiguresOutput, query=(DAYS,))
def approval_figures(request: ApiRequest) -> Response:
    """Give times by step and by person, rounds and shares of what was submitted in a period."""
    asked = request.query_params.get("days", str(PERIODS[0]))
    if asked not in {str(days) for days in PERIODS}:
        raise Invalid(_("Choose 28, 90 or 365 days."), fields={"days": [asked[:20]]})
    return Response(figures_json(figures(request._request.actor, int(asked))))


@endpoint({"GET": SEE}, answers=RiskOutput, lists="whole")
def approvals_at_risk(request: ApiRequest) -> Response:
    """List open requests that will hardly be approved before they go out, the next to go out first."""
    rows = [risk_json(row) for row in at_risk(request._request.actor)]
    return Response({"results": rows, "next": None})


@endpoint({"GET": SEE}, answers=CertificateOutput)
def approval_certificate(request: ApiRequest, pk: UUID) -> Response:
    """Give the certificate of an approved request: decisions, hash, and whether the sealed record agrees."""
    return Response(certificate_json(certificate(request._request.actor, pk)))


def certificate_json(paper: Certificate) -> dict[str, Any]:
    """Return a certificate as the API gives it."""
    request, clearance = paper.request, paper.clearance
    return {
        "request": str(request.pk),
        "subject": {"type": request.subject_type, "id": str(request.subject_id)},
        "title": paper.description.title,
        "revision": request.revision_number,
        "content_hash": request.content_hash,
        "submitted_at": request.submitted_at,
        "approved_at": request.closed_at,
        "is_cleared": clearance is not None and clearance.revoked_at is None,
        "decisions": [
            {
                **decision_json(row.decision, request),
                "step": stage.step.name,
                "entry": str(row.link.entry.pk) if row.link else None,
                "holds": row.is_true,
            }
            for stage in paper.stages
            for row in stage.statements
        ],
        "record": [
            {
                "entry": str(link.entry.pk),
                "verb": link.entry.verb,
                "at": link.entry.at,
                "position": link.position,
                "hash": link.hash or None,
                "holds": link.holds,
            }
            for link in paper.links
        ],
        "digest": paper.digest,
        "holds": paper.holds,
    }


def figures_json(found: Figures) -> dict[str, Any]:
    """Return figures as the API gives them; times in working hours, shares of 1."""
    return {
        "days": found.days,
        "submitted": found.submitted,
        "approved": found.approved,
        "changes_requested": found.sent_back,
        "rejected": found.rejected,
        "open": found.open,
        "median_hours": found.median_hours,
        "rounds": found.rounds,
        "first_time": found.first_time,
        "on_time": found.on_time,
        "is_cut": found.is_cut,
        "steps": [
            {
                "name": row.name,
                "count": row.count,
                "median_hours": row.median_hours,
                "p90_hours": row.slow_hours,
                "late": row.late,
                "waiting": row.waiting,
            }
            for row in found.steps
        ],
        "people": [
            {
                "member": str(row.member.pk),
                "name": row.member.user.name,
                "count": row.count,
                "for_others": row.for_others,
                "median_hours": row.median_hours,
                "p90_hours": row.slow_hours,
                "late": row.late,
                "waiting": row.waiting,
            }
            for row in found.people
        ],
    }


def risk_json(row: Risk) -> dict[str, Any]:
    """Return what will miss its time as the API gives it."""
    return {
        "request": str(row.request.pk),
        "subject": {"type": row.request.subject_type, "id": str(row.request.subject_id)},
        "title": row.description.title,
        "step": row.step.name if row.step else None,
        "goes_out_at": row.goes_out_at,
        "expected_at": row.expected_at,
        "is_lost": row.is_lost,
    }
