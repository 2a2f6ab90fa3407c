"""QR codes of links, for a phone's camera."""

import io

import segno


def terminal(link: str, encoding: str) -> str:
    """Two rows in one line of text, dark on light; empty if `encoding` has none of its blocks."""
    out = io.StringIO()
    segno.make(link, error="m").terminal(out, compact=True)
    try:
        out.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return ""
    return out.getvalue()


def svg(link: str) -> bytes:
    """As a picture of black squares on white."""
    out = io.BytesIO()
    segno.make(link, error="m").save(out, kind="svg", scale=4, border=4, dark="#000", light="#fff")
    return out.getvalue()
