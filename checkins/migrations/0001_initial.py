import core.clock
import core.ids
import django.db.models.deletion
from django.db import migrations, models

from core.rls import owned_table, sweeper_access, sweeper_function

DUE_SERIES = """
SELECT s.id, s.workspace_id FROM public.checkins_series s
WHERE s.next_at <= clock_timestamp() ORDER BY s.next_at LIMIT batch
"""
DUE_MEETINGS = """
SELECT m.id, m.workspace_id FROM public.checkins_meeting m
WHERE m.next_at <= clock_timestamp() ORDER BY m.next_at LIMIT batch
"""
DUE_ACTIONS = """
SELECT a.id, a.workspace_id FROM public.checkins_action a
WHERE a.next_at <= clock_timestamp() ORDER BY a.next_at LIMIT batch
"""

# Requirement R5.6: a meeting is not closed before each open action of earlier ones was reported on in it.
REPORTED = """
CREATE FUNCTION checkins_require_reports() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM checkins_action a
        WHERE a.workspace_id = NEW.workspace_id AND a.series_id = NEW.series_id AND a.meeting_id <> NEW.id
        AND a.state = 'open' AND NOT EXISTS (
            SELECT FROM checkins_report r WHERE r.workspace_id = NEW.workspace_id AND r.action_id = a.id
            AND r.meeting_id = NEW.id
        )
    ) THEN
        RAISE EXCEPTION 'an open action is not reported on' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER checkins_meeting_reported BEFORE UPDATE OF state ON checkins_meeting
    FOR EACH ROW WHEN (NEW.state = 'closed' AND OLD.state <> 'closed') EXECUTE FUNCTION checkins_require_reports();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0015_feed_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('goal', models.CharField(blank=True, max_length=300)),
                ('rule', models.CharField(max_length=200)),
                ('starts_on', models.DateField()),
                ('wall_time', models.TimeField()),
                ('zone', models.CharField(max_length=64)),
                ('minutes', models.PositiveSmallIntegerField(default=30)),
                ('agenda', models.JSONField(default=list)),
                ('call_url', models.CharField(blank=True, max_length=500)),
                ('is_async', models.BooleanField(default=False)),
                ('on_holiday', models.CharField(choices=[('hold', 'It takes place'), ('move', 'It moves to the next working day'), ('skip', 'It is left out')], default='move', max_length=8)),
                ('on_away', models.CharField(choices=[('hold', 'It takes place'), ('move', 'It moves to the next working day'), ('skip', 'It is left out')], default='hold', max_length=8)),
                ('ask_hours', models.PositiveSmallIntegerField(default=24)),
                ('version', models.PositiveIntegerField(default=1)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Seat',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('guest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.guest')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.membership')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seats', to='checkins.series')),
            ],
        ),
        migrations.CreateModel(
            name='Meeting',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('occurs_on', models.DateField()),
                ('state', models.CharField(choices=[('planned', 'planned'), ('open', 'under way'), ('closed', 'closed'), ('skipped', 'left out')], default='planned', max_length=8)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('wall', models.CharField(max_length=19)),
                ('zone', models.CharField(max_length=64)),
                ('planned_at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, choices=[('holiday', 'a holiday'), ('away', 'too many are away'), ('hand', 'decided by a person'), ('unheld', 'nobody held it')], max_length=8)),
                ('goal', models.CharField(blank=True, max_length=300)),
                ('agenda', models.JSONField(default=list)),
                ('item', models.PositiveSmallIntegerField(default=0)),
                ('clock_seconds', models.PositiveIntegerField(default=0)),
                ('clock_since', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
                ('nudged_at', models.DateTimeField(null=True)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('overdue_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField(null=True)),
                ('opened_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('words', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('host', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='checkins.series')),
            ],
        ),
        migrations.CreateModel(
            name='Action',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('text', models.CharField(max_length=300)),
                ('due_on', models.DateField()),
                ('due_at', models.DateTimeField()),
                ('subject_type', models.CharField(blank=True, max_length=64)),
                ('subject_id', models.UUIDField(null=True)),
                ('state', models.CharField(choices=[('open', 'open'), ('done', 'done'), ('dropped', 'dropped')], default='open', max_length=8)),
                ('next_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('guest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.guest')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='checkins.meeting')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='checkins.series')),
            ],
        ),
        migrations.CreateModel(
            name='Update',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('wins', models.TextField(blank=True, max_length=2000)),
                ('help', models.TextField(blank=True, max_length=2000)),
                ('goals', models.TextField(blank=True, max_length=2000)),
                ('happened', models.JSONField(default=list)),
                ('is_due', models.BooleanField(default=True)),
                ('written_at', models.DateTimeField(null=True)),
                ('helped_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('guest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.guest')),
                ('helper', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('helper_guest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.guest')),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='checkins.meeting')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Point',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('decision', 'Decision'), ('note', 'Note')], max_length=8)),
                ('text', models.CharField(max_length=1000)),
                ('at', models.DateTimeField(default=core.clock.now)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='points', to='checkins.meeting')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'meeting', 'id'], name='checkins_point_of')],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('done', 'Done'), ('continue', 'Still open'), ('drop', 'Drop')], max_length=8)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(default=core.clock.now)),
                ('action', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='checkins.action')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('by_guest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.guest')),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='checkins.meeting')),
                ('on_behalf_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'meeting', 'action'), name='checkins_report_once'), models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'drop'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='checkins_report_says_why')],
            },
        ),
        migrations.AddIndex(
            model_name='series',
            index=models.Index(fields=['workspace', '-id'], name='checkins_series_newest'),
        ),
        migrations.AddIndex(
            model_name='series',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='checkins_series_due'),
        ),
        migrations.AddIndex(
            model_name='seat',
            index=models.Index(fields=['workspace', 'member'], name='checkins_seat_of_member'),
        ),
        migrations.AddIndex(
            model_name='seat',
            index=models.Index(fields=['workspace', 'guest'], name='checkins_seat_of_guest'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.UniqueConstraint(fields=('workspace', 'series', 'position'), name='checkins_seat_position'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.UniqueConstraint(fields=('workspace', 'series', 'member', 'team', 'guest'), name='checkins_seat_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('guest', None), ('member__isnull', False), ('team', None)), models.Q(('guest', None), ('member', None), ('team__isnull', False)), models.Q(('guest__isnull', False), ('member', None), ('team', None)), _connector='OR'), name='checkins_seat_of_one'),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(fields=['workspace', 'series', '-starts_at', '-id'], name='checkins_meeting_newest'),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(fields=['workspace', 'state', 'starts_at', 'id'], name='checkins_meeting_next'),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='checkins_meeting_due'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.UniqueConstraint(fields=('workspace', 'series', 'occurs_on'), name='checkins_meeting_of_day'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='checkins_meeting_ends_later'),
        ),
        migrations.AddIndex(
            model_name='action',
            index=models.Index(fields=['workspace', 'series', 'state', 'due_on'], name='checkins_action_of_series'),
        ),
        migrations.AddIndex(
            model_name='action',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['workspace', 'member', 'due_at'], name='checkins_action_open'),
        ),
        migrations.AddIndex(
            model_name='action',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='checkins_action_due'),
        ),
        migrations.AddConstraint(
            model_name='action',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('guest', None), ('member__isnull', False)), models.Q(('guest__isnull', False), ('member', None)), _connector='OR'), name='checkins_action_of_one'),
        ),
        migrations.AddIndex(
            model_name='update',
            index=models.Index(condition=models.Q(('is_due', True), ('written_at', None)), fields=['workspace', 'member'], name='checkins_update_missing'),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.UniqueConstraint(fields=('workspace', 'meeting', 'member', 'guest'), name='checkins_update_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('guest', None), ('member__isnull', False)), models.Q(('guest__isnull', False), ('member', None)), _connector='OR'), name='checkins_update_of_one'),
        ),
        *owned_table("checkins_series"),
        *owned_table("checkins_seat"),
        *owned_table("checkins_meeting"),
        *owned_table("checkins_update"),
        *owned_table("checkins_point"),
        *owned_table("checkins_action"),
        *owned_table("checkins_report"),
        migrations.RunSQL(REPORTED, migrations.RunSQL.noop),
        *sweeper_access("checkins_series", select=["id", "workspace_id", "next_at"]),
        sweeper_function("checkins_due_series(batch integer)", DUE_SERIES, returns="TABLE (id uuid, workspace_id uuid)"),
        *sweeper_access("checkins_meeting", select=["id", "workspace_id", "next_at"]),
        sweeper_function("checkins_due_meetings(batch integer)", DUE_MEETINGS, returns="TABLE (id uuid, workspace_id uuid)"),
        *sweeper_access("checkins_action", select=["id", "workspace_id", "next_at"]),
        sweeper_function("checkins_due_actions(batch integer)", DUE_ACTIONS, returns="TABLE (id uuid, workspace_id uuid)"),
    ]
