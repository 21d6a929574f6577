from django.db import models

from catalogue.models import Product


class Order(models.Model):
    class State(models.TextChoices):
        NEW = "new"
        CONFIRMED = "confirmed"
        SENT = "sent"

    email = models.EmailField()
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    placed = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-placed"]

    def __str__(self):
        return f"{self.pk} of {self.email}"

    @property
    def total(self):
        return sum((line.count * line.product.price for line in self.lines.select_related("product")), start=0)


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    count = models.PositiveSmallIntegerField(default=1)
