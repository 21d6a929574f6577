from django.test import TestCase

from catalogue.models import Category, Product


class CatalogueTests(TestCase):
    def setUp(self):
        kettles = Category.objects.get(slug="kettles")
        self.kettle = Product.objects.create(category=kettles, name="Copper kettle", price="48.00", stock=3)

    def test_home_lists_products(self):
        self.assertContains(self.client.get("/"), "Copper kettle")

    def test_home_is_translated(self):
        self.assertEqual(self.client.get("/de/").status_code, 200)

    def test_product_page(self):
        self.assertContains(self.client.get(self.kettle.get_absolute_url()), "48.00")

    def test_api(self):
        answer = self.client.get("/api/products/").json()
        self.assertEqual(answer["products"][0]["name"], "Copper kettle")
