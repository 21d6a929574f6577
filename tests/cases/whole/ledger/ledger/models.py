from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(12))


class Entry(Base):
    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    debit: Mapped[int] = mapped_column(ForeignKey("accounts.number"))
    credit: Mapped[int] = mapped_column(ForeignKey("accounts.number"))
    cents: Mapped[int] = mapped_column(BigInteger)
    signature: Mapped[str] = mapped_column(String(64), default="")
    booked: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    attachments: Mapped[list["Attachment"]] = relationship(back_populates="entry")


class Attachment(Base):
    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    entry: Mapped[Entry] = relationship(back_populates="attachments")


class Seeding(Base):
    __tablename__ = "seedings"

    id: Mapped[int] = mapped_column(primary_key=True)
    added: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
