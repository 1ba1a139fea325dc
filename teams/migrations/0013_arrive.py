from django.db import migrations

from core.rls import app_function

# The session's text and the membership in one answer. Whose session it is the list of devices says, which is not
# proof: the session's own signed text is, and whoever calls holds the two against each other.
ARRIVE = """
DECLARE
    kept text;
    owner uuid;
BEGIN
    SELECT s.session_data, d.user_id INTO kept, owner FROM public.django_session s
    LEFT JOIN public.usersessions_usersession d ON d.session_key = s.session_key
    WHERE s.session_key = of_key AND s.expire_date > told;
    IF kept IS NULL THEN
        RETURN;
    END IF;
    IF owner IS NOT NULL THEN
        RETURN QUERY SELECT kept, f.* FROM public.teams_enter(owner, of_slug, told) f;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    session_data := kept;
    RETURN NEXT;
END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0012_directory"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        app_function(
            "teams_arrive(of_key varchar, of_slug varchar, told timestamptz)",
            ARRIVE,
            returns="TABLE (session_data text, member public.teams_membership, person public.teams_user,"
            " role public.teams_role, workspace public.teams_workspace, has_second_step boolean, is_wanted boolean)",
        )
    ]
