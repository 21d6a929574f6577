"""Where things are."""

import os
from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent
PAGES = BACKEND.parent / "frontend" / "dist"
STORAGE = BACKEND / "storage"
PHOTOS = STORAGE / "photos"
DATABASE = STORAGE / "studio.db"
CACHE = Path(os.environ.get("STUDIO_CACHE", os.path.expanduser("~/.cache/studio")))
