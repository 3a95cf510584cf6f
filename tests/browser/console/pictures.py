"""A page as a picture.

TIDINGS_SCREENSHOTS names a folder to keep them in: `docs/screenshots` for those that `docs/console.md` shows.
"""

import os
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.browser.console.visit import Visitor

FOLDER = os.environ.get("TIDINGS_SCREENSHOTS")
COLOURS = 200
FEWEST_BYTES = 3_000


def keep(visitor: Visitor, name: str) -> None:
    """Take a picture of the page, in few colours and so in few bytes."""
    visitor.page.evaluate("document.activeElement.blur()")
    picture = visitor.page.screenshot(full_page=True)
    assert len(picture) > FEWEST_BYTES
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        small = Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS)
        small.save(Path(FOLDER) / f"{name}.png", optimize=True)
