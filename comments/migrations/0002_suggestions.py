import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ("comments", "0001_initial"),
        ("teams", "0007_known_networks"),
    ]

    operations = [
        migrations.AddField("comment", "suggestion", models.TextField(null=True)),
        migrations.AddField("comment", "accepted_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "comment",
            "accepted_by",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="teams.membership"
            ),
        ),
        migrations.AddField("comment", "accepted_number", models.PositiveIntegerField(null=True)),
        migrations.AddConstraint(
            "comment",
            models.CheckConstraint(
                condition=Q(suggestion=None, accepted_at=None) | Q(suggestion__isnull=False, anchor__isnull=False),
                name="comments_comment_suggestion",
            ),
        ),
    ]
