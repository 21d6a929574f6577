from studio.palette.colours import most_used


def test_the_colour_that_is_there_most_comes_first():
    assert most_used(b"\xff\x00\x00" * 5 + b"\x00\xff\x00")[0] == "#ff0000"


def test_nothing_has_no_colour():
    assert most_used(b"") == []
