"""The application that the server imports: app.main:app."""

from app import logs
from app.factory import create_app
from app.settings import Settings

settings = Settings.load()
logs.configure(settings.log_level)
app = create_app(settings)
