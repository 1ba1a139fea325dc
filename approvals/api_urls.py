"""Addresses of approvals for programs."""

from django.urls import path

from approvals import api, overrides_api, queue_api, reports_api

app_name = "approvals_api"
api_urlpatterns = [
    path("posts/<uuid:pk>/decisions/", api.post_decisions, name="post_decisions"),
    path("posts/<uuid:pk>/amendments/", api.post_amendments, name="post_amendments"),
    path("posts/<uuid:pk>/parts/", api.post_parts, name="post_parts"),
    path("approvals/", queue_api.approval_queue, name="queue"),
    path("approvals/decisions/", queue_api.several_decisions, name="several_decisions"),
    path("approvals/figures/", reports_api.approval_figures, name="figures"),
    path("approvals/at-risk/", reports_api.approvals_at_risk, name="at_risk"),
    path("approvals/<uuid:pk>/certificate/", reports_api.approval_certificate, name="certificate"),
    path("approvals/<uuid:pk>/override/", overrides_api.request_override, name="request_override"),
    path("approvals/overrides/", overrides_api.override_cases, name="override_cases"),
    path("approvals/overrides/<uuid:pk>/review/", overrides_api.override_review, name="override_review"),
    path("approvals/uncleared/", api.uncleared_posts, name="uncleared"),
    path("workflows/", api.workflow_list, name="workflows"),
    path("workflows/<uuid:pk>/", api.workflow, name="workflow"),
    path("workflows/<uuid:pk>/past/", api.workflow_past, name="workflow_past"),
]
