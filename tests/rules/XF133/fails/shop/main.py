from fastapi import FastAPI

app = FastAPI()
model = None


@app.get("/health")
def health():
    if model is None:
        return {"status": "unhealthy", "message": "no model"}
    return {"status": "healthy"}
