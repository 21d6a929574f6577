"""Predictions."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, FiniteFloat

from app.model import FEATURES
from app.resources import ResourcesDep

router = APIRouter(tags=["model"])

Row = Annotated[list[FiniteFloat], Field(min_length=FEATURES, max_length=FEATURES)]


class Rows(BaseModel):
    features: Annotated[list[Row], Field(min_length=1, max_length=1000)]


class Predictions(BaseModel):
    predictions: list[float]


@router.post("/predict")
async def predict(body: Rows, resources: ResourcesDep) -> Predictions:
    return Predictions(predictions=await resources.inference.predict(body.features))
