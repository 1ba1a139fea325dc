"""Finds the workspaces in which an approval is overdue or has timed out, for the dispatcher."""

from django.db import migrations

from core.rls import sweeper_function

LATE = """
SELECT s.workspace_id FROM public.approvals_requeststep s
WHERE s.state = 'open' AND s.due_at <= clock_timestamp()
UNION
SELECT t.workspace_id FROM public.teams_timeout t WHERE t.ended_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0006_absences_with_causes"),
        ("approvals", "0003_policy_waits_for_the_switch"),
    ]

    operations = [
        sweeper_function("approvals_late_workspaces()", LATE, returns="TABLE (workspace_id uuid)"),
    ]
