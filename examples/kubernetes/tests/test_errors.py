import psycopg
import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from core.middleware import AnswerErrors

middleware = AnswerErrors(lambda request: HttpResponse())


def answer(cause: Exception, accepts: str) -> tuple[int, str] | None:
    error = OperationalError("refused")
    error.__cause__ = cause
    request = RequestFactory().get("/items", headers={"accept": accepts})
    response = middleware.process_exception(request, error)
    return (response.status_code, response["Content-Type"]) if response else None


def test_programs_get_json_while_the_database_is_away() -> None:
    for accepts in ("*/*", "application/json"):
        assert answer(psycopg.OperationalError(), accepts) == (503, "application/json")


def test_people_get_a_sentence_while_the_database_is_away() -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    assert answer(psycopg.OperationalError(), browser) == (503, "text/plain")


@pytest.mark.parametrize("kind", [psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected])
def test_a_statement_that_fails_is_an_error_of_the_service(kind: type[Exception]) -> None:
    assert answer(kind(), "*/*") is None


def test_a_body_that_is_too_large_is_a_413(client: Client, settings: Settings) -> None:
    settings.MAX_BODY_BYTES = 10
    response = client.post("/elsewhere", "far too long", content_type="text/plain")

    assert response.status_code == 413
    assert response.json() == {"detail": "a body has at most 10 bytes"}


def test_plain_http_is_redirected_once_tls_ends_in_front(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/elsewhere").status_code == 301
    # The server says what it believes of the header, and nobody else does.
    assert client.get("/elsewhere", headers={"x-forwarded-proto": "https"}).status_code == 301
    assert client.get("/elsewhere", secure=True).status_code == 404
