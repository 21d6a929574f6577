"""Changes of the tables, in order. `manage.py makemigrations` writes them."""
