import uvicorn

from config import url

uvicorn.run("server:app", host="0.0.0.0")
