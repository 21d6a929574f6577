import json

from django.test import TransactionTestCase

from catalogue.models import Category, Product
from orders.models import Order


class OrderTests(TransactionTestCase):
    def test_an_order_is_confirmed(self):
        cups, _ = Category.objects.get_or_create(slug="cups", defaults={"name": "Cups"})
        cup = Product.objects.create(category=cups, name="Blue cup", price="9.50", stock=4)
        body = {"email": "a@example.org", "lines": [{"product": cup.pk, "count": 2}]}
        answer = self.client.post("/api/orders/", json.dumps(body), content_type="application/json")
        self.assertEqual(answer.status_code, 201)
        self.assertEqual(answer.json()["total"], "19.00")
        self.assertEqual(Order.objects.get().state, "confirmed")
