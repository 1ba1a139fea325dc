"""Pauses of one channel or one campaign, where the intent and the trigger before it look for them."""

import django.db.models.deletion
from django.db import migrations, models

from core.rls import app_function

GUARD = """
CREATE OR REPLACE FUNCTION publishing_guard_delivery() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public AS $body$
DECLARE
    cleared record;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state <> 'published' THEN
        RAISE EXCEPTION 'what is published stays published'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_published_is_final';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.state <> 'scheduled' THEN
        RAISE EXCEPTION 'a delivery begins as scheduled'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_begins_scheduled';
    END IF;
    IF NOT EXISTS (SELECT FROM calendar_app_post p WHERE p.id = NEW.post_id AND p.workspace_id = NEW.workspace_id)
        OR NOT EXISTS (
            SELECT FROM networks_channel c WHERE c.id = NEW.channel_id AND c.workspace_id = NEW.workspace_id
        ) THEN
        RAISE EXCEPTION 'post and channel belong to the delivery''s workspace'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_one_workspace';
    END IF;
    SELECT * INTO cleared FROM approvals_clearance c WHERE c.id = NEW.clearance_id FOR SHARE;
    IF NOT FOUND OR cleared.workspace_id <> NEW.workspace_id
        OR cleared.subject_type <> 'calendar_app.post' OR cleared.subject_id <> NEW.post_id
        OR cleared.revision_id <> NEW.revision_id OR cleared.content_hash <> NEW.content_hash THEN
        RAISE EXCEPTION 'the clearance is for something else'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_cleared';
    END IF;
    IF cleared.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'the clearance was revoked'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_not_revoked';
    END IF;
    IF NEW.state = 'sending' AND clock_timestamp() < NEW.scheduled_at THEN
        RAISE EXCEPTION 'nothing is sent before its time'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_not_early';
    END IF;
    IF NEW.state = 'sending' AND EXISTS (
        SELECT FROM publishing_hold h WHERE h.workspace_id = NEW.workspace_id AND h.ended_at IS NULL
            AND (h.channel_id IS NULL OR h.channel_id = NEW.channel_id)
            AND (h.campaign_id IS NULL OR h.campaign_id = (
                SELECT p.campaign_id FROM calendar_app_post p WHERE p.id = NEW.post_id
            ))
    ) THEN
        RAISE EXCEPTION 'it is paused'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publishing_delivery_not_paused';
    END IF;
    RETURN NEW;
END
$body$;
"""

LOOK = """
#variable_conflict use_column
BEGIN
    PERFORM set_config('lock_timeout', lock_wait_ms || 'ms', true),
        pg_advisory_xact_lock_shared(hashtextextended(of_workspace::text, pause_lock));
    PERFORM FROM calendar_app_post WHERE id = of_post FOR NO KEY UPDATE;
    RETURN QUERY
    SELECT coalesce(told, clock_timestamp()), d.state, p.state, p.archived_at IS NOT NULL, cl.revoked_at IS NOT NULL,
        c.status, EXISTS (
            SELECT FROM publishing_hold h WHERE h.workspace_id = of_workspace AND h.ended_at IS NULL
                AND (h.channel_id IS NULL OR h.channel_id = d.channel_id)
                AND (h.campaign_id IS NULL OR h.campaign_id = p.campaign_id)
        ),
        (w.settings ->> 'ask_when_late_minutes')::double precision
    FROM publishing_delivery d
    JOIN calendar_app_post p ON p.id = d.post_id
    JOIN approvals_clearance cl ON cl.id = d.clearance_id
    JOIN networks_channel c ON c.id = d.channel_id
    JOIN teams_workspace w ON w.id = d.workspace_id
    WHERE d.id = of_delivery AND d.lease_token = of_token AND d.state IN ('claimed', 'prepared')
        AND d.lease_until > coalesce(told, clock_timestamp())
    FOR NO KEY UPDATE OF d;
END
"""

LOOK_SIGNATURE = (
    "publishing_look(of_workspace uuid, of_post uuid, of_delivery uuid, of_token uuid, told timestamptz,"
    " pause_lock integer, lock_wait_ms integer)"
)
DROP_LOOK = "DROP FUNCTION publishing_look(uuid, uuid, uuid, uuid, timestamptz, integer, integer)"


class Migration(migrations.Migration):
    dependencies = [
        ("publishing", "0005_interrupted"),
        ("networks", "0003_channel_health"),
        ("calendar_app", "0004_feeds"),
    ]

    operations = [
        migrations.RemoveConstraint("hold", "publishing_hold_one_open"),
        migrations.AddField(
            "hold",
            "channel",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="networks.channel",
            ),
        ),
        migrations.AddField(
            "hold",
            "campaign",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="calendar_app.campaign",
            ),
        ),
        migrations.AddConstraint(
            "hold",
            models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("workspace", "channel", "campaign"),
                name="publishing_hold_one_open",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            "hold",
            models.CheckConstraint(
                condition=models.Q(("channel", None), ("campaign", None), _connector="OR"),
                name="publishing_hold_of_one_thing",
            ),
        ),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
        migrations.RunSQL(DROP_LOOK, migrations.RunSQL.noop),
        app_function(
            LOOK_SIGNATURE,
            LOOK,
            returns="TABLE (at timestamptz, state varchar, post_state varchar, is_archived boolean,"
            " is_revoked boolean, channel_status varchar, is_paused boolean, late_minutes double precision)",
        ),
    ]
