from fastapi import FastAPI, Response

app = FastAPI()
model = None


@app.get("/health")
def health(response: Response):
    if model is None:
        response.status_code = 503
        return {"status": "unhealthy", "message": "no model"}
    return {"status": "healthy"}
