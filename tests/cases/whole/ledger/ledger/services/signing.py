import hashlib
import hmac

from ..config import get_settings


def sign(text: str, debit: int, credit: int, cents: int) -> str:
    key = get_settings().signing_key.get_secret_value().encode()
    message = "\n".join([text, str(debit), str(credit), str(cents)]).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def holds(signature: str, text: str, debit: int, credit: int, cents: int) -> bool:
    return hmac.compare_digest(signature, sign(text, debit, credit, cents))
