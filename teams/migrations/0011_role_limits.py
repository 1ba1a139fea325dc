from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('teams', '0010_providers'),
    ]

    operations = [
        migrations.AddField(
            model_name='role',
            name='limits',
            field=models.JSONField(db_default=[], default=list),
        ),
    ]
