from django.db import migrations


def add(apps, schema_editor):
    category = apps.get_model("catalogue", "Category")
    for name, slug in [("Kettles", "kettles"), ("Cups", "cups"), ("Tea", "tea")]:
        category.objects.get_or_create(slug=slug, defaults={"name": name})


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_product_photo")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
