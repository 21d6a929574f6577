from django.test import TestCase


class AccountTests(TestCase):
    def test_addresses_ask_for_a_login(self):
        self.assertRedirects(self.client.get("/accounts/addresses/"), "/accounts/login/?next=/accounts/addresses/")
