from ledger.services import signing


def test_a_signature_holds_only_for_what_was_signed():
    signature = signing.sign("Rent", 5000, 1200, 45000)
    assert signing.holds(signature, "Rent", 5000, 1200, 45000)
    assert not signing.holds(signature, "Rent", 5000, 1200, 45001)
