from django.db import migrations, models

from core.rls import sweeper_function

# 1. What is under way, in bundles: what was claimed together for one channel is carried by one slot. A slot whose
#    call takes more than four seconds is slow, and so are its channel, application and network. A claim that nobody
#    has begun after five seconds lies in a lost message and takes no slot; one that carries files has a longer lease.
# 2. The queues, one for each channel with something due: those at the head of the line, and all of them (`is_far`)
#    where the line is longer than what is looked at, by stepping from channel to channel through the index.
# 3. Shares: what is slow holds a quarter of the slots at most, what is not three quarters, and so does a workspace
#    (a channel half of that), so that a slot is free for everybody else. Turns go round the workspaces, those that
#    hold least first.
# 4. Paces: the tokens of a channel whose network has a pace, or that was told to wait.
CLAIM_DUE = """
#variable_conflict use_column
DECLARE
    at timestamptz := clock_timestamp();
    many integer := ceil(slots * 0.75);
    few integer := ceil(slots * 0.25);
    room integer;
    unbegun interval := interval '5 seconds';
    seen integer;
    size integer;
BEGIN
    SELECT slots - count(*) INTO room FROM (
        SELECT FROM public.publishing_delivery WHERE state IN ('claimed', 'prepared', 'sending')
            AND (state <> 'claimed' OR claimed_at > at - unbegun OR lease_until > claimed_at + interval '1 minute')
        GROUP BY channel_id, claimed_at
    ) under_way;
    SELECT count(*) INTO seen FROM (
        SELECT FROM public.publishing_delivery
        WHERE state = 'scheduled' AND held_for = '' AND run_at <= at AND room > 0 ORDER BY run_at LIMIT 4 * batch
    ) due;
    IF seen = 0 THEN
        RETURN;
    END IF;
    size := greatest(1, least(most_in_message, seen / slots));
    room := least(room, ceil(batch::numeric / size));
    RETURN QUERY
    WITH RECURSIVE under_way AS MATERIALIZED (
        SELECT d.workspace_id, d.channel_id, c.app,
            bool_or(d.state = 'sending' AND d.claimed_at < at - interval '4 seconds') AS is_slow
        FROM public.publishing_delivery d JOIN public.networks_channel c ON c.id = d.channel_id
        WHERE d.state IN ('claimed', 'prepared', 'sending')
            AND (d.state <> 'claimed' OR d.claimed_at > at - unbegun
                OR d.lease_until > d.claimed_at + interval '1 minute')
        GROUP BY d.workspace_id, d.channel_id, c.app, d.claimed_at
    ), busy AS MATERIALIZED (
        SELECT key, count(*)::integer AS n, bool_or(is_slow) AS is_slow FROM under_way CROSS JOIN LATERAL (
            VALUES ('w' || workspace_id), ('c' || channel_id), ('a' || app), ('n' || split_part(app, ':', 1))
        ) keys (key) GROUP BY key
    ), walk AS (
        (SELECT workspace_id, channel_id, run_at FROM public.publishing_delivery
        WHERE state = 'scheduled' AND held_for = '' AND is_far AND seen = 4 * batch
        ORDER BY workspace_id, channel_id, run_at LIMIT 1)
        UNION ALL
        SELECT later.* FROM walk CROSS JOIN LATERAL (
            SELECT d.workspace_id, d.channel_id, d.run_at FROM public.publishing_delivery d
            WHERE d.state = 'scheduled' AND d.held_for = ''
                AND (d.workspace_id, d.channel_id) > (walk.workspace_id, walk.channel_id)
            ORDER BY d.workspace_id, d.channel_id, d.run_at LIMIT 1
        ) later
    ), queues AS MATERIALIZED (
        SELECT q.workspace_id, q.channel_id, min(q.run_at) AS first FROM (
            (SELECT workspace_id, channel_id, run_at FROM public.publishing_delivery
            WHERE state = 'scheduled' AND held_for = '' AND run_at <= at ORDER BY run_at LIMIT 4 * batch)
            UNION ALL SELECT * FROM walk WHERE run_at <= at
        ) q GROUP BY q.workspace_id, q.channel_id
    ), open AS MATERIALIZED (
        SELECT * FROM (
            SELECT q.*, c.app, split_part(c.app, ':', 1) AS network, coalesce(bw.n, 0) AS has, p.every,
                many - coalesce(bw.n, 0) AS free_w,
                CASE WHEN bc.is_slow THEN ceil(few / 2.0) ELSE ceil(many / 2.0) END::integer
                    - coalesce(bc.n, 0) AS free_c,
                CASE WHEN ba.is_slow THEN few ELSE many END - coalesce(ba.n, 0) AS free_a,
                CASE WHEN bn.is_slow THEN few ELSE many END - coalesce(bn.n, 0) AS free_n,
                CASE WHEN p.every > 0 THEN
                    floor(p.burst - extract(epoch FROM greatest(coalesce(s.free_at, at) - at, interval '0')) / p.every)
                    WHEN s.free_at > at THEN 0 ELSE batch END AS tokens
            FROM queues q JOIN public.networks_channel c ON c.id = q.channel_id
            LEFT JOIN public.publishing_pace s ON s.channel_id = q.channel_id
            LEFT JOIN LATERAL (
                SELECT (paces -> split_part(c.app, ':', 1) ->> 0)::double precision AS every,
                    (paces -> split_part(c.app, ':', 1) ->> 1)::integer AS burst
            ) p ON true
            LEFT JOIN busy bw ON bw.key = 'w' || q.workspace_id
            LEFT JOIN busy bc ON bc.key = 'c' || q.channel_id
            LEFT JOIN busy ba ON ba.key = 'a' || c.app
            LEFT JOIN busy bn ON bn.key = 'n' || split_part(c.app, ':', 1)
        ) all_queues
        WHERE free_w > 0 AND free_c > 0 AND free_a > 0 AND free_n > 0 AND tokens >= 1
    ), bundled AS MATERIALIZED (
        SELECT o.*, b.bundle, b.due, b.ids FROM open o CROSS JOIN LATERAL (
            SELECT n / size AS bundle, min(run_at) AS due, array_agg(id ORDER BY n) AS ids FROM (
                SELECT id, run_at, (row_number() OVER (ORDER BY run_at))::integer - 1 AS n
                FROM public.publishing_delivery
                WHERE workspace_id = o.workspace_id AND channel_id = o.channel_id AND state = 'scheduled'
                    AND held_for = '' AND run_at <= at
                ORDER BY run_at
                LIMIT least(o.tokens, size * least(o.free_c, ceil(room::numeric / (SELECT count(*) FROM open))))
            ) own GROUP BY n / size
        ) b
    ), of_workspace AS (
        SELECT *, has + row_number() OVER (PARTITION BY workspace_id ORDER BY bundle, due, channel_id) AS turn
        FROM bundled
    ), of_app AS (
        SELECT *, row_number() OVER (PARTITION BY app ORDER BY turn, due, channel_id) AS nth FROM of_workspace
        WHERE turn - has <= free_w
    ), of_network AS (
        SELECT *, row_number() OVER (PARTITION BY network ORDER BY turn, due, channel_id) AS nth_n FROM of_app
        WHERE nth <= free_a
    ), chosen AS MATERIALIZED (
        SELECT unnest(ids) AS id, bundle, every FROM (
            SELECT ids, bundle, every FROM of_network WHERE nth_n <= free_n ORDER BY turn, due, channel_id LIMIT room
        ) turns
    ), locked AS MATERIALIZED (
        SELECT d.id, d.channel_id, c.bundle, c.every FROM chosen c JOIN public.publishing_delivery d ON d.id = c.id
        WHERE d.state = 'scheduled' AND d.held_for = '' AND d.run_at <= at FOR UPDATE OF d SKIP LOCKED
    ), spent AS (
        INSERT INTO public.publishing_pace AS s (channel_id, free_at)
        SELECT channel_id, at + make_interval(secs => every * count(*)) FROM locked
        WHERE every > 0 GROUP BY channel_id, every
        ON CONFLICT (channel_id) DO UPDATE SET free_at = greatest(s.free_at, at) + (excluded.free_at - at)
    )
    UPDATE public.publishing_delivery d
    SET state = 'claimed', claimed_at = at + locked.bundle * interval '1 microsecond',
        lease_token = gen_random_uuid(), lease_until = clock_timestamp() + make_interval(secs => lease_seconds)
    FROM locked WHERE d.id = locked.id
    RETURNING d.id, d.workspace_id, d.lease_token, d.channel_id, locked.bundle;
END
"""

SIGNATURE = (
    "publishing_claim_due(batch integer, lease_seconds integer, slots integer, most_in_message integer,"
    " is_far boolean, paces jsonb)"
)


class Migration(migrations.Migration):
    dependencies = [("publishing", "0003_path_of_a_delivery"), ("networks", "0002_channel_app")]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="publishing_delivery_due"),
        migrations.RemoveIndex(model_name="delivery", name="publishing_delivery_due_of"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["run_at"],
                include=["workspace", "channel"],
                condition=models.Q(state="scheduled", held_for=""),
                name="publishing_delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["workspace", "channel", "run_at"],
                condition=models.Q(state="scheduled", held_for=""),
                name="publishing_delivery_due_of",
            ),
        ),
        migrations.AddField(
            model_name="heartbeat",
            name="slots",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("channel_id", models.UUIDField(primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE ON publishing_pace TO collab_app;"
            " GRANT SELECT, INSERT, UPDATE ON publishing_pace TO collab_sweeper;"
            " GRANT SELECT (channel_id) ON publishing_delivery TO collab_sweeper",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "DROP FUNCTION publishing_claim_due(integer, integer, integer, integer)", migrations.RunSQL.noop
        ),
        sweeper_function(
            SIGNATURE,
            CLAIM_DUE,
            returns="TABLE (id uuid, workspace_id uuid, lease_token uuid, channel_id uuid, bundle integer)",
            language="plpgsql",
        ),
    ]
