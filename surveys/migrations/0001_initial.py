import uuid

import core.clock
import core.ids
import django.db.models.deletion
from django.db import migrations, models

from core.rls import owned_table, sweeper_access, sweeper_function

DUE_ROUNDS = """
SELECT r.id, r.workspace_id FROM public.surveys_round r
WHERE r.next_at <= clock_timestamp() ORDER BY r.next_at LIMIT batch
"""

# An answer is of the same workspace, and as nameless, as its round: then and for ever after.
NAMELESS = """
ALTER TABLE surveys_round ADD CONSTRAINT surveys_round_whole UNIQUE (workspace_id, id, is_anonymous);
ALTER TABLE surveys_answer ADD CONSTRAINT surveys_answer_as_its_round
    FOREIGN KEY (workspace_id, round_id, is_anonymous) REFERENCES surveys_round (workspace_id, id, is_anonymous);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0007_known_networks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('key', models.CharField(blank=True, choices=[('like', 'What do you like about what you do?'), ('change', 'What would you change?')], max_length=12)),
                ('kind', models.CharField(choices=[('text', 'in own words'), ('scale', 'from 1 to 5'), ('choice', 'one of a list'), ('choices', 'any of a list')], max_length=8)),
                ('text', models.CharField(max_length=300)),
                ('options', models.JSONField(default=list)),
                ('is_required', models.BooleanField(default=False)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('planned', 'planned'), ('open', 'open'), ('closed', 'closed'), ('cancelled', 'cancelled')], default='planned', max_length=12)),
                ('is_anonymous', models.BooleanField(default=True)),
                ('readers', models.CharField(choices=[('leads', 'Team leads'), ('asked', 'Everybody who was asked')], default='leads', max_length=8)),
                ('team_name', models.CharField(blank=True, max_length=80)),
                ('opens_at', models.DateTimeField()),
                ('closes_at', models.DateTimeField()),
                ('remind_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('closed_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='RoundGroup',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('position', models.PositiveSmallIntegerField()),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='groups', to='surveys.round')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Invitee',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('has_answered', models.BooleanField(default=False)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitees', to='surveys.round')),
                ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.roundgroup')),
            ],
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('is_anonymous', models.BooleanField()),
                ('value', models.JSONField()),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='surveys.question')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='surveys.round')),
                ('group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.roundgroup')),
            ],
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('intro', models.CharField(blank=True, max_length=1000)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('archived_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.AddField(
            model_name='round',
            name='survey',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='surveys.survey'),
        ),
        migrations.AddField(
            model_name='question',
            name='survey',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='surveys.survey'),
        ),
        migrations.CreateModel(
            name='Trait',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('mbti', 'MBTI type'), ('strengths', 'CliftonStrengths'), ('motivation', 'What motivates me'), ('other', 'Another result')], max_length=12)),
                ('name', models.CharField(blank=True, max_length=60)),
                ('value', models.JSONField()),
                ('audience', models.CharField(choices=[('me', 'Only me'), ('leads', 'Team leads'), ('team', 'My teams and team leads'), ('workspace', 'Everybody in the workspace')], default='me', max_length=12)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='traits', to='teams.membership')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
        ),
        migrations.AddConstraint(
            model_name='roundgroup',
            constraint=models.UniqueConstraint(fields=('workspace', 'round', 'position'), name='surveys_roundgroup_position'),
        ),
        migrations.AddIndex(
            model_name='invitee',
            index=models.Index(condition=models.Q(('has_answered', False)), fields=['workspace', 'member'], name='surveys_invitee_waiting'),
        ),
        migrations.AddConstraint(
            model_name='invitee',
            constraint=models.UniqueConstraint(fields=('workspace', 'round', 'member'), name='surveys_invitee_once'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(fields=['workspace', 'round', 'question'], name='surveys_answer_of'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.UniqueConstraint(condition=models.Q(('member__isnull', False)), fields=('workspace', 'round', 'question', 'member'), name='surveys_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_anonymous', True), ('member', None)), models.Q(('is_anonymous', False), ('member__isnull', False)), _connector='OR'), name='surveys_answer_names_nobody'),
        ),
        migrations.AddIndex(
            model_name='survey',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['workspace', '-id'], name='surveys_survey_newest'),
        ),
        migrations.AddIndex(
            model_name='round',
            index=models.Index(fields=['workspace', '-id'], name='surveys_round_newest'),
        ),
        migrations.AddIndex(
            model_name='round',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='surveys_round_due'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(('closes_at__gt', models.F('opens_at'))), name='surveys_round_closes_later'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('workspace', 'survey'), name='surveys_round_one_open'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.UniqueConstraint(fields=('workspace', 'survey', 'position'), name='surveys_question_position'),
        ),
        migrations.AddIndex(
            model_name='trait',
            index=models.Index(fields=['workspace', 'audience'], name='surveys_trait_open'),
        ),
        migrations.AddConstraint(
            model_name='trait',
            constraint=models.UniqueConstraint(fields=('workspace', 'member', 'kind', 'name'), name='surveys_trait_of_member'),
        ),
        migrations.AddConstraint(
            model_name='trait',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'other'), models.Q(('name', ''), _negated=True)), models.Q(models.Q(('kind', 'other'), _negated=True), ('name', '')), _connector='OR'), name='surveys_trait_named'),
        ),
        *owned_table("surveys_survey"),
        *owned_table("surveys_question"),
        *owned_table("surveys_round"),
        *owned_table("surveys_roundgroup"),
        *owned_table("surveys_invitee"),
        *owned_table("surveys_answer"),
        *owned_table("surveys_trait"),
        migrations.RunSQL(NAMELESS, migrations.RunSQL.noop),
        *sweeper_access("surveys_round", select=["id", "workspace_id", "next_at"]),
        sweeper_function(
            "surveys_due_rounds(batch integer)", DUE_ROUNDS, returns="TABLE (id uuid, workspace_id uuid)"
        ),
    ]
