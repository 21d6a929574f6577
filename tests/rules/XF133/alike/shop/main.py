from fastapi import FastAPI

app = FastAPI()
model = None


@app.get("/health")
def health():
    if model is None:
        raise RuntimeError("unhealthy")
    return {"status": "healthy"}


@app.get("/report")
def report():
    return {"status": "unhealthy"}
