from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AccountOut(BaseModel):
    number: int
    name: str
    kind: str
    balance: Decimal


class EntryIn(BaseModel):
    text: str = Field(max_length=200)
    debit: int
    credit: int
    amount: Decimal = Field(gt=0, decimal_places=2)

    @model_validator(mode="after")
    def two_sides(self):
        if self.debit == self.credit:
            raise ValueError("an entry has two different sides")
        return self


class EntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str
    debit: int
    credit: int
    cents: int


class EntryDetail(EntryOut):
    holds: bool


class AttachmentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    size: int
