from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0004_fair_claims'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('reason__in', ['restored', 'outage', 'absent', 'found_live'])), fields=['workspace', '-scheduled_at'], name='publishing_delivery_reviewed'),
        ),
    ]
