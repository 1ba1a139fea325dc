"""A class of networks where people post."""

from django.db import migrations, models

CAPABILITIES = [
    ("K", "KEY"),
    ("D", "DETERMINISTIC"),
    ("S", "SESSION"),
    ("F", "FINDABLE"),
    ("N", "NEITHER"),
    ("H", "HAND"),
]


class Migration(migrations.Migration):
    dependencies = [("networks", "0004_network_app")]

    operations = [
        migrations.AlterField("channel", "capability", models.CharField(choices=CAPABILITIES, max_length=1)),
    ]
