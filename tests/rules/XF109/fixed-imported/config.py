import os

from dotenv import load_dotenv

load_dotenv(f".env.{os.environ['RUN_ENV']}")
url = os.environ["DB_URL"]
