from django.db import migrations

from core.rls import app_function

# Every page begins with this. The person is bound, by whom the database shows his own memberships; then the workspace
# where he is a member, or nothing where he is none; then the person is let go and the membership is read as the
# workspace's policy shows it. The server keeps the plans, which cost five times as much as the reading.
ENTER = """
DECLARE
    place uuid;
BEGIN
    PERFORM set_config('app.workspace', '', true), set_config('app.user', of_person::text, true);
    SELECT m.workspace_id INTO place FROM public.teams_membership m
    JOIN public.teams_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = of_person AND m.status = 'active' AND w.slug = of_slug AND w.status = 'active';
    PERFORM set_config('app.workspace', coalesce(place::text, ''), true), set_config('app.user', '', true);
    IF place IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT m, u, r, w,
        EXISTS (SELECT FROM public.mfa_authenticator a WHERE a.user_id = u.id AND a.type IN ('totp', 'webauthn')),
        EXISTS (
            SELECT FROM public.teams_backup mine
            WHERE mine.workspace_id = m.workspace_id AND mine.backup_id = m.id AND (
                EXISTS (
                    SELECT FROM public.teams_absence away
                    WHERE away.workspace_id = mine.workspace_id AND away.member_id = mine.member_id
                    AND away.starts_at <= told AND (away.ends_at IS NULL OR away.ends_at > told)
                ) OR EXISTS (
                    SELECT FROM public.teams_timeout waiting
                    WHERE waiting.workspace_id = mine.workspace_id AND waiting.member_id = mine.member_id
                    AND waiting.ended_at IS NULL
                )
            )
        )
    FROM public.teams_membership m JOIN public.teams_user u ON u.id = m.user_id
    JOIN public.teams_role r ON r.id = m.role_id JOIN public.teams_workspace w ON w.id = m.workspace_id
    WHERE m.workspace_id = place AND m.user_id = of_person AND m.status = 'active';
END
"""


class Migration(migrations.Migration):
    dependencies = [("teams", "0008_working_hours"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [
        app_function(
            "teams_enter(of_person uuid, of_slug varchar, told timestamptz)",
            ENTER,
            returns="TABLE (member public.teams_membership, person public.teams_user, role public.teams_role,"
            " workspace public.teams_workspace, has_second_step boolean, is_wanted boolean)",
        )
    ]
