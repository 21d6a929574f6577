from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from rooms.models import Message


class Command(BaseCommand):
    help = "Forgets messages that are old."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=365)

    def handle(self, *args, days, **options):
        count, _ = Message.objects.filter(said__lt=timezone.now() - timedelta(days=days)).delete()
        self.stdout.write(f"{count} forgotten")
