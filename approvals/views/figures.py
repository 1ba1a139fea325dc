"""Pages about approvals as a whole: how long they take, and what will miss its time."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from approvals.figures import PERIODS, Figures, figures, figures_table
from approvals.permissions import FIGURES, SEE
from approvals.risks import at_risk
from teams.gates import export, members
from teams.permissions import can
from teams.sheets import as_csv


@members(FIGURES, "GET")
def figures_page(request: HttpRequest) -> HttpResponse:
    """Show the figures of a period."""
    found = _asked(request)
    return render(
        request,
        "approvals/figures.html",
        {"figures": found, "periods": PERIODS, "risks": at_risk(request.actor)},
    )


@export(FIGURES)
def figures_csv(request: HttpRequest) -> HttpResponse:
    """Send the figures as CSV."""
    response = HttpResponse(as_csv(figures_table(_asked(request))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="approvals.csv"'
    return response


@members(SEE, "GET")
def risk_list(request: HttpRequest) -> HttpResponse:
    """List what will miss its time."""
    context = {"risks": at_risk(request.actor), "may_see_figures": can(request.actor, FIGURES)}
    return render(request, "approvals/risks.html", context)


def _asked(request: HttpRequest) -> Figures:
    asked = request.GET.get("days", "")
    days = next((days for days in PERIODS if str(days) == asked), PERIODS[0])
    return figures(request.actor, days)
