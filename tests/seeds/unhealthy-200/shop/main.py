from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    if not app.state.model:
        return {"status": "unhealthy", "reason": "no model"}
    return {"status": "ok"}
