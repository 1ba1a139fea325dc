"""Counts of what the sweeps did, kept for /metrics."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("publishing", "0006_holds_of_one_thing")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("n", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE ON publishing_tally TO collab_app", migrations.RunSQL.noop
        ),
    ]
