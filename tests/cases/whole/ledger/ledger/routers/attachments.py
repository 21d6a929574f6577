import shutil

from fastapi import APIRouter, Depends, HTTPException, UploadFile
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import get_settings
from ..db import get_session
from ..models import Attachment, Entry
from ..schemas import AttachmentOut

router = APIRouter(tags=["attachments"])


@router.post("/entries/{entry_id}/attachments", status_code=201)
async def attach(entry_id: int, file: UploadFile, session: AsyncSession = Depends(get_session)) -> AttachmentOut:
    settings = get_settings()
    if await session.get(Entry, entry_id) is None:
        raise HTTPException(404)
    if file.size is None or file.size > settings.largest_attachment:
        raise HTTPException(413, "the file is too large")
    attachment = Attachment(entry_id=entry_id, name=file.filename or "file", size=file.size)
    session.add(attachment)
    await session.flush()
    settings.attachments.mkdir(parents=True, exist_ok=True)
    with (settings.attachments / str(attachment.id)).open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
    await session.commit()
    return AttachmentOut.model_validate(attachment)


@router.get("/attachments/{attachment_id}")
async def attachment(attachment_id: int, session: AsyncSession = Depends(get_session)) -> FileResponse:
    found = await session.get(Attachment, attachment_id)
    if found is None:
        raise HTTPException(404)
    return FileResponse(get_settings().attachments / str(found.id), filename=found.name)
