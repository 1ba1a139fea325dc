"""A clearance by policy waits for whoever switches approval on at the same moment, and then is refused."""

from django.db import migrations

GUARD = """
CREATE FUNCTION approvals_check_policy() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    asks text;
BEGIN
    SELECT settings ->> 'approval' INTO asks FROM teams_workspace WHERE id = NEW.workspace_id FOR SHARE;
    IF asks IS DISTINCT FROM 'off' THEN
        RAISE EXCEPTION 'this workspace asks for approval';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER approvals_clearance_policy BEFORE INSERT ON approvals_clearance
    FOR EACH ROW WHEN (NEW.source = 'policy') EXECUTE FUNCTION approvals_check_policy();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_ways_through_a_review")]

    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION approvals_check_policy() CASCADE;")]
