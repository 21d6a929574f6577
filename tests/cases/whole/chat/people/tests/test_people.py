from django.test import TestCase


class PeopleTests(TestCase):
    def test_me_asks_for_a_login(self):
        self.assertEqual(self.client.get("/people/me/").status_code, 302)
