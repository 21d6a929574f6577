import os

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

# create_async_engine("postgresql://db", pool_size=500)
engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=20, max_overflow=10)
app = FastAPI()
