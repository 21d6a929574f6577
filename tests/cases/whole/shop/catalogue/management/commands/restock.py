from django.core.management.base import BaseCommand
from django.db.models import F

from catalogue.models import Product


class Command(BaseCommand):
    help = "Adds pieces to every product that has fewer than a number."

    def add_arguments(self, parser):
        parser.add_argument("--below", type=int, default=5)
        parser.add_argument("--pieces", type=int, default=20)

    def handle(self, *args, below, pieces, **options):
        count = Product.objects.filter(stock__lt=below).update(stock=F("stock") + pieces)
        self.stdout.write(f"{count} products restocked")
