from a2wsgi import ASGIMiddleware
from app.main import app as inner

app = ASGIMiddleware(inner)
