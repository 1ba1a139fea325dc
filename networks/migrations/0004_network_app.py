"""The apps that workspaces registered at networks into which people log in with their browser."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
import core.ids
from core.rls import owned_table


class Migration(migrations.Migration):
    dependencies = [("networks", "0003_channel_health")]

    operations = [
        migrations.CreateModel(
            name="NetworkApp",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=32)),
                ("client_id", models.CharField(max_length=255)),
                ("sealed", models.BinaryField()),
                ("changed_at", models.DateTimeField(default=core.clock.now)),
                ("changed_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="teams.membership")),
                ("workspace", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="teams.workspace")),
            ],
        ),
        migrations.AddConstraint(
            "networkapp",
            models.UniqueConstraint(fields=("workspace", "kind"), name="networks_networkapp_kind"),
        ),
        *owned_table("networks_networkapp"),
    ]
