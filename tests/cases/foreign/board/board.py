import os

import psycopg
from flask import Flask, jsonify, request

app = Flask(__name__)


def connect():
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/readyz")
def readyz():
    try:
        with connect() as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return {"status": "no database"}, 503
    return {"status": "ready"}


@app.get("/")
def notes():
    with connect() as connection:
        rows = connection.execute("SELECT id, text FROM notes ORDER BY id DESC LIMIT 20").fetchall()
    return jsonify([{"id": number, "text": text} for number, text in rows])


@app.post("/")
def add():
    with connect() as connection:
        row = connection.execute(
            "INSERT INTO notes (text) VALUES (%s) RETURNING id", (request.json["text"],)
        ).fetchone()
    return {"id": row[0]}, 201
