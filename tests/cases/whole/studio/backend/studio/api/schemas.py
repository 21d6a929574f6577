from pydantic import BaseModel


class Photo(BaseModel):
    id: int
    name: str
    size: int
    colours: list[str]


class Table(BaseModel):
    made: str
    size: int
