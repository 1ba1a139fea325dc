from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from core.rls import sweeper_access


class Migration(migrations.Migration):
    dependencies = [("networks", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="app",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    "kind",
                    Coalesce(
                        KeyTextTransform("server", "facts"),
                        KeyTextTransform("service", "facts"),
                        models.Value("", output_field=models.TextField()),
                    ),
                    arg_joiner=" || ':' || ",
                    output_field=models.TextField(),
                    template="(%(expressions)s)",
                ),
                output_field=models.TextField(),
            ),
        ),
        *sweeper_access("networks_channel", select=["id", "app"]),
    ]
