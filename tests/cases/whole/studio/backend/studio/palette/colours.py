from collections import Counter


def most_used(data: bytes, count: int = 3) -> list[str]:
    """The colours that a piece of a photograph has most."""
    pixels = Counter(data[place : place + 3] for place in range(0, len(data) - 2, 3))
    return ["#" + pixel.hex() for pixel, _ in pixels.most_common(count)]
