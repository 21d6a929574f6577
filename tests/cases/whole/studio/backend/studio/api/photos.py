from fastapi import APIRouter, HTTPException, UploadFile
from fastapi.responses import FileResponse

from ..limits import MAX_PHOTO_SIZE
from ..palette.colours import most_used
from ..store import database, files
from .schemas import Photo

router = APIRouter(tags=["photos"])


@router.get("/photos")
def photos() -> list[Photo]:
    return [Photo(**row) for row in database.photos()]


@router.post("/photos", status_code=201)
def upload(file: UploadFile) -> Photo:
    if file.size is None or file.size > MAX_PHOTO_SIZE:
        raise HTTPException(413, "photographs have at most 50 MB")
    number = database.add(file.filename or "photograph", file.size, most_used(file.file.read(64 * 1024)))
    file.file.seek(0)
    files.keep(number, file.file)
    return Photo(**database.photo(number))


@router.get("/photos/{number}")
def photo(number: int) -> Photo:
    row = database.photo(number)
    if row is None:
        raise HTTPException(404)
    return Photo(**row)


@router.get("/photos/{number}/file")
def file(number: int) -> FileResponse:
    row = database.photo(number)
    if row is None:
        raise HTTPException(404)
    return FileResponse(files.path(number), filename=row["name"])
