from fastapi import FastAPI

app = FastAPI()


# @app.websocket("/ws")
@app.get("/")
async def index():  # was .websocket("/")
    return {}
