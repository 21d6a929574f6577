from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED_APPS = ["core"]
MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "/media/"
