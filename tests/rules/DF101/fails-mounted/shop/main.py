from pathlib import Path

from fastapi import FastAPI, UploadFile

UPLOADS = Path("uploads")
UPLOADS.mkdir(exist_ok=True)
app = FastAPI()


@app.post("/files")
async def keep(file: UploadFile):
    with open(UPLOADS / "last", "wb") as out:
        out.write(await file.read())
