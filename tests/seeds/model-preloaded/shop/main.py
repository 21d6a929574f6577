import onnxruntime
from fastapi import FastAPI

app = FastAPI()
model = onnxruntime.InferenceSession("/models/model.onnx")


@app.get("/health")
def health():
    return {"status": "ok"}
