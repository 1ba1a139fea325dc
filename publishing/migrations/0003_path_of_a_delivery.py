from django.db import migrations

from core.rls import app_function

# Three statements, each of which sees what was committed before the one ahead of it got its lock.
LOOK = """
#variable_conflict use_column
BEGIN
    PERFORM set_config('lock_timeout', lock_wait_ms || 'ms', true),
        pg_advisory_xact_lock_shared(hashtextextended(of_workspace::text, pause_lock));
    PERFORM FROM calendar_app_post WHERE id = of_post FOR NO KEY UPDATE;
    RETURN QUERY
    SELECT coalesce(told, clock_timestamp()), d.state, p.state, p.archived_at IS NOT NULL, cl.revoked_at IS NOT NULL,
        c.status, EXISTS (SELECT FROM publishing_hold h WHERE h.workspace_id = of_workspace AND h.ended_at IS NULL),
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

ANNOUNCE = """
#variable_conflict use_column
DECLARE
    at timestamptz := coalesce(told, clock_timestamp());
    n integer;
BEGIN
    WITH sent AS (
        UPDATE publishing_delivery d
        SET state = 'sending', reason = '', reason_text = '', call_no = call_no + 1, attempt_no = attempt_no + 1,
            remote_key = of_remote_key, prepared = of_prepared, settle_token = NULL,
            first_intent_at = coalesce(first_intent_at, at), lease_until = at + make_interval(secs => lease),
            settle_until = at + make_interval(secs => lease + settle)
        WHERE d.id = of_delivery AND d.lease_token = of_token AND d.state IN ('claimed', 'prepared')
        RETURNING id, workspace_id, call_no, lease_token, actor_kind, actor_id, planned_by_id, on_behalf_of
    )
    INSERT INTO publishing_attempt (id, workspace_id, delivery_id, number, lease_token, intent_at, fingerprint, worker,
        actor_kind, actor_id, member_id, on_behalf_of, outcome, remote_id, reason_text)
    SELECT of_attempt, workspace_id, id, call_no, lease_token, intent, of_fingerprint, of_worker,
        actor_kind, actor_id, planned_by_id, on_behalf_of, '', '', '' FROM sent;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n = 1;
END
"""

# The common answer, with its attempt. The post is locked first, as everywhere, and an acceptance counts even after
# the lease was over.
ACCEPT = """
#variable_conflict use_column
DECLARE
    at timestamptz := coalesce(told, clock_timestamp());
    stood varchar;
BEGIN
    SELECT state INTO stood FROM calendar_app_post WHERE id = of_post FOR NO KEY UPDATE;
    UPDATE publishing_attempt SET outcome = 'accepted', sent_at = sent, answered_at = at, http_status = of_status,
        latency_ms = of_latency, remote_id = of_remote_id, reason_text = ''
    WHERE id = of_attempt AND outcome = '';
    UPDATE publishing_delivery SET state = 'published', published_at = at, remote_id = of_remote_id,
        remote_url = of_remote_url, reason = '', reason_text = '', failures = 0, lease_until = NULL,
        settle_token = NULL
    WHERE id = of_delivery AND lease_token = of_token AND state IN ('sending', 'unknown');
    IF FOUND THEN
        RETURN QUERY SELECT stood, ARRAY(
            SELECT DISTINCT ON (d.channel_id) d.state::text FROM publishing_delivery d WHERE d.post_id = of_post
            ORDER BY d.channel_id, d.occurrence_no DESC
        );
    END IF;
END
"""

FUNCTIONS = [
    app_function(
        "publishing_look(of_workspace uuid, of_post uuid, of_delivery uuid, of_token uuid, told timestamptz,"
        " pause_lock integer, lock_wait_ms integer)",
        LOOK,
        returns="TABLE (at timestamptz, state varchar, post_state varchar, is_archived boolean, is_revoked boolean,"
        " channel_status varchar, is_paused boolean, late_minutes double precision)",
    ),
    app_function(
        "publishing_announce(of_delivery uuid, of_token uuid, of_attempt uuid, intent timestamptz, of_prepared jsonb,"
        " of_remote_key varchar, of_fingerprint varchar, of_worker varchar, lease double precision,"
        " settle double precision, told timestamptz)",
        ANNOUNCE,
        returns="boolean",
    ),
    app_function(
        "publishing_accept(of_delivery uuid, of_token uuid, of_attempt uuid, of_post uuid, sent timestamptz,"
        " of_status integer, of_latency integer, of_remote_id varchar, of_remote_url varchar, told timestamptz)",
        ACCEPT,
        returns="TABLE (post_state varchar, latest text[])",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("publishing", "0002_fewer_indexes"), ("calendar_app", "0001_initial")]

    operations = FUNCTIONS
