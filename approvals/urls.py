"""Addresses of approvals for people."""

from django.urls import path

from approvals.views import bulk, figures, mail_links, overrides, parts, queues, reviews, switching, workflows

app_name = "approvals"
urlpatterns = [
    path("approvals/", queues.queue, name="queue"),
    path("approvals/figures/", figures.figures_page, name="figures"),
    path("approvals/figures.csv", figures.figures_csv, name="figures_csv"),
    path("approvals/at-risk/", figures.risk_list, name="at_risk"),
    path("approvals/<uuid:pk>/", reviews.request_page, name="request"),
    path("approvals/<uuid:pk>/certificate/", reviews.certificate_page, name="certificate"),
    path("approvals/<uuid:pk>/decision/", reviews.decision, name="decision"),
    path("approvals/<uuid:pk>/withdrawal/", reviews.withdrawal, name="withdrawal"),
    path("approvals/<uuid:pk>/amendments/", reviews.amendments, name="amendments"),
    path("approvals/<uuid:pk>/parts/", parts.part_mark, name="parts"),
    path("approvals/decisions/<uuid:pk>/undo/", reviews.undo, name="undo"),
    path("approvals/<uuid:pk>/override/", overrides.override, name="override"),
    path("approvals/several/", bulk.bulk, name="bulk"),
    path("decide/", mail_links.mail_decision, name="mail_decision"),
    path("decide/<str:token>/", mail_links.mail_link, name="mail_link"),
    path("approvals/overrides/", overrides.override_list, name="overrides"),
    path("approvals/overrides/<uuid:pk>/review/", overrides.override_review, name="override_review"),
    path("approvals/uncleared/", switching.uncleared_list, name="uncleared"),
    path("workflows/", workflows.workflow_list, name="workflows"),
    path("workflows/new/", workflows.new_workflow, name="new_workflow"),
    path("workflows/<uuid:pk>/", workflows.workflow_page, name="workflow"),
    path("workflows/<uuid:pk>/archival/", workflows.workflow_archival, name="workflow_archival"),
]
