"""What is known of a channel's health, and the questions that the dispatcher and /metrics ask about all channels."""

from django.db import migrations, models

from core.rls import sweeper_function

TROUBLES = [
    ("", "well"),
    ("login", "needs a new log-in"),
    ("ended", "log-in has ended"),
    ("ending", "log-in ends soon"),
    ("quota", "quota nearly used up"),
    ("failing", "calls keep failing"),
]

GRANT = """
GRANT SELECT (id, workspace_id, status, login_ends_at, trouble, last_error) ON networks_channel TO collab_sweeper;
"""

# Channels whose log-in ends soon, or has ended, and whose people have not been told of that yet.
ENDING = """
SELECT id, workspace_id FROM public.networks_channel
WHERE status = 'active' AND login_ends_at <= (SELECT clock_timestamp()) + make_interval(days => days_ahead)
    AND (trouble NOT IN ('ending', 'ended') OR trouble = 'ending' AND login_ends_at <= (SELECT clock_timestamp()))
ORDER BY login_ends_at LIMIT batch
"""

HEALTH = """
SELECT CASE WHEN status = 'needs_login' THEN 'login' WHEN trouble = '' THEN 'none' ELSE trouble END, count(*),
    coalesce(extract(epoch FROM min(login_ends_at) - (SELECT clock_timestamp())), 'NaN')::double precision
FROM public.networks_channel WHERE status IN ('active', 'needs_login') GROUP BY 1
"""


class Migration(migrations.Migration):
    dependencies = [("networks", "0002_channel_app")]

    operations = [
        migrations.AddField("channel", "failures", models.PositiveIntegerField(default=0)),
        migrations.AddField("channel", "login_ends_at", models.DateTimeField(null=True)),
        migrations.AddField("channel", "quota_left", models.PositiveIntegerField(null=True)),
        migrations.AddField("channel", "quota_most", models.PositiveIntegerField(null=True)),
        migrations.AddField("channel", "quota_resets_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "channel", "trouble", models.CharField(blank=True, choices=TROUBLES, default="", max_length=12)
        ),
        migrations.AddField(
            "channel", "told_trouble", models.CharField(blank=True, choices=TROUBLES, default="", max_length=12)
        ),
        migrations.AddField("channel", "told_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "channel",
            models.Index(
                fields=["login_ends_at"],
                condition=models.Q(login_ends_at__isnull=False),
                name="networks_channel_ending",
            ),
        ),
        migrations.RunSQL(GRANT, migrations.RunSQL.noop),
        sweeper_function(
            "networks_channels_ending(days_ahead integer, batch integer)",
            ENDING,
            returns="TABLE (id uuid, workspace_id uuid)",
        ),
        sweeper_function(
            "networks_channel_health()",
            HEALTH,
            returns="TABLE (trouble varchar, n bigint, ends_in_seconds double precision)",
        ),
    ]
