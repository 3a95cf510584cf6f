"""A QR code (ISO/IEC 18004) as the path of an SVG, drawn here, so that no secret goes to another host."""

from dataclasses import dataclass
from typing import Any, cast

MARGIN = 4
"""Modules that stay white on each side, as the standard asks."""

LONGEST = 400
"""Characters; what is longer makes squares too small for a phone's camera."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A square of `side` modules; `path` has the dark ones, in units of a module."""

    side: int
    path: str


def picture(text: str) -> Picture:
    """Return the picture of a text, which may lose 15 % of its squares.

    Raises:
        ValueError: the text is longer than `LONGEST`.
    """
    # Slow to import, and a service starts more often than somebody sets a second factor up.
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # noqa: PLC0415

    if len(text) > LONGEST:
        raise ValueError(f"a QR code here has at most {LONGEST} characters")
    code = cast("Any", QRCode(None, QRErrorCorrectLevel.M))
    code.addData(text)
    code.make()
    modules: int = code.getModuleCount()
    path = "".join(
        f"M{column + MARGIN} {row + MARGIN}h1v1h-1z"
        for row in range(modules)
        for column in range(modules)
        if code.isDark(row, column)
    )
    return Picture(modules + 2 * MARGIN, path)
