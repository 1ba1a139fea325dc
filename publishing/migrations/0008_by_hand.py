"""What people post by hand: no machine sends it, and who does not say that it is live is asked again."""

from django.db import migrations, models

from core.rls import sweeper_function

BY_PEOPLE = """
CREATE FUNCTION publishing_guard_by_hand() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $body$
BEGIN
    IF EXISTS (SELECT FROM networks_channel c WHERE c.id = NEW.channel_id AND c.capability = 'H') THEN
        RAISE EXCEPTION 'only a person posts this'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_not_by_machine';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER publishing_delivery_guard_by_hand BEFORE UPDATE ON publishing_delivery
    FOR EACH ROW WHEN (
        NEW.state = 'sending' AND OLD.state <> 'sending'
        OR NEW.state = 'published' AND OLD.state <> 'published' AND NEW.reason <> 'confirmed_live'
            AND OLD.state NOT IN ('sending', 'unknown')
    ) EXECUTE FUNCTION publishing_guard_by_hand();
GRANT SELECT (reason, reminders) ON publishing_delivery TO collab_sweeper;
"""

WAITING = """
SELECT id, workspace_id FROM public.publishing_delivery
WHERE state = 'needs_attention' AND reason = 'by_hand' AND reminders < 2
    AND run_at <= (SELECT clock_timestamp()) - make_interval(
        secs => CASE WHEN reminders = 0 THEN remind_seconds ELSE escalate_seconds END
    )
ORDER BY run_at LIMIT batch
"""


class Migration(migrations.Migration):
    dependencies = [("publishing", "0007_tally"), ("networks", "0005_by_hand")]

    operations = [
        migrations.AddField("delivery", "reminders", models.PositiveSmallIntegerField(default=0)),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=models.Q(("reason", "by_hand"), ("state", "needs_attention")),
                fields=["run_at"],
                name="publishing_delivery_by_hand",
            ),
        ),
        migrations.RunSQL(BY_PEOPLE, "DROP FUNCTION publishing_guard_by_hand() CASCADE"),
        sweeper_function(
            "publishing_hand_waiting(remind_seconds integer, escalate_seconds integer, batch integer)",
            WAITING,
            returns="TABLE (id uuid, workspace_id uuid)",
        ),
    ]
