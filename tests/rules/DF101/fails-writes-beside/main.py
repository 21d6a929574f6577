import logging
import os

from fastapi import FastAPI

app = FastAPI()
logging.basicConfig(handlers=[logging.FileHandler('error.log')])
os.makedirs('media', exist_ok=True)
