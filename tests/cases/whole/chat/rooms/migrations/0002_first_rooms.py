from django.db import migrations


def add(apps, schema_editor):
    room = apps.get_model("rooms", "Room")
    room.objects.get_or_create(slug="lobby", defaults={"title": "Lobby"})
    room.objects.get_or_create(slug="library", defaults={"title": "Library"})


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
