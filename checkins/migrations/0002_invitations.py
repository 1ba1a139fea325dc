import core.ids
import django.db.models.deletion
from django.db import migrations, models

from core.rls import owned_table, sweeper_access, sweeper_function

DUE_INVITATIONS = """
SELECT i.id, i.workspace_id FROM public.checkins_invitation i
WHERE i.next_attempt_at <= clock_timestamp() ORDER BY i.next_attempt_at LIMIT batch
"""


class Migration(migrations.Migration):

    dependencies = [
        ('checkins', '0001_initial'),
        ('teams', '0015_feed_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('is_withdrawn', models.BooleanField(default=False)),
                ('sent_sequence', models.PositiveIntegerField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('guest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.guest')),
                ('member', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.membership')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='checkins.series')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='checkins_invitation_due')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'series', 'member', 'guest'), name='checkins_invitation_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('guest', None), ('member__isnull', False)), models.Q(('guest__isnull', False), ('member', None)), _connector='OR'), name='checkins_invitation_of_one')],
            },
        ),
        *owned_table("checkins_invitation"),
        *sweeper_access("checkins_invitation", select=["id", "workspace_id", "next_attempt_at"]),
        sweeper_function(
            "checkins_due_invitations(batch integer)", DUE_INVITATIONS, returns="TABLE (id uuid, workspace_id uuid)"
        ),
    ]
