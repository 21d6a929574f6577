from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="product",
            name="photo",
            field=models.FileField(blank=True, upload_to="photos/"),
        ),
    ]
