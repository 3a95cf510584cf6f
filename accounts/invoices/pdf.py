"""An invoice as a PDF.

The letters are those of a font that is embedded: Bitstream Vera, which comes with the library and has the Latin ones,
unless another one is set. A letter that the font does not have is drawn as an empty box.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from xml.sax.saxutils import escape  # nosec B406 # writes, and parses nothing

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from accounts.invoices.document import Document, Row

_WIDTHS = [12 * mm, 52 * mm, 36 * mm, 30 * mm, 22 * mm, 22 * mm]
_GREY, _LINE = colors.HexColor("#555555"), colors.HexColor("#dddddd")
_FONT, _BOLD = "Invoice", "InvoiceBold"


def pdf(document: Document, font: Path | None = None) -> bytes:
    """Return the PDF of an invoice. The same invoice gives the same bytes.

    Args:
        document: What stands on it.
        font: The path of a TrueType font in place of the built-in one.

    Raises:
        OSError: the font cannot be read.
    """
    _register(font)
    body = ParagraphStyle("body", fontName=_FONT, fontSize=8.5, leading=11)
    out = BytesIO()
    template = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=f"{document.title} {document.number}",
        author=document.seller[0] if document.seller else "Tidings",
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        invariant=1,
    )
    template.build(_story(document, body))
    return out.getvalue()


def _register(font: Path | None) -> None:
    for name, builtin in ((_FONT, "Vera.ttf"), (_BOLD, "VeraBd.ttf")):
        cast("Any", pdfmetrics).registerFont(TTFont(name, str(font) if font else builtin))  # its stub has no types


def _story(document: Document, body: ParagraphStyle) -> list[Any]:
    heading = ParagraphStyle("heading", parent=body, fontName=_BOLD, fontSize=15, leading=20)
    grey = ParagraphStyle("grey", parent=body, textColor=_GREY)
    facts = [f"{label}: {value}" for label, value in document.facts]
    said = [_lines(document.buyer, body), _lines([*document.seller, "", *facts], grey)]
    parties = Table([said], [95 * mm, 79 * mm], splitInRow=1)  # an address may be longer than a page
    parties.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0)]))
    return [
        Paragraph(escape(f"{document.title} {document.number}"), heading),
        Spacer(1, 6 * mm),
        parties,
        Spacer(1, 8 * mm),
        _table(document, body),
        Spacer(1, 6 * mm),
        *(Paragraph(escape(note), grey) for note in document.notes),
    ]


def _table(document: Document, body: ParagraphStyle) -> Table:
    right = ParagraphStyle("right", parent=body, alignment=2)
    bold = ParagraphStyle("bold", parent=right, fontName=_BOLD)
    head = ["Line", "Description", "Time", "Quantity", "Unit price", "Amount"]
    named = ParagraphStyle("named", parent=body, fontName=_BOLD)
    first = [Paragraph(text, bold if place > 2 else named) for place, text in enumerate(head)]
    rows: list[list[Any]] = [first, *(_row(row, body, right) for row in document.rows)]
    for label, amount in document.sums:
        rows.append([Paragraph(escape(label), bold), "", "", "", Paragraph(escape(amount), bold), ""])
    table = Table(rows, _WIDTHS, repeatRows=1)
    style: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE)]
    for place in range(len(rows) - len(document.sums), len(rows)):
        style += [("SPAN", (0, place), (3, place)), ("SPAN", (4, place), (5, place))]
    table.setStyle(TableStyle(style))
    return table


def _row(row: Row, body: ParagraphStyle, right: ParagraphStyle) -> list[Any]:
    texts = [str(row.number), row.description, row.time]
    figures = [row.quantity, row.unit_price, row.amount]
    return [*(Paragraph(escape(text), body) for text in texts), *(Paragraph(escape(text), right) for text in figures)]


def _lines(texts: Sequence[str], style: ParagraphStyle) -> Paragraph:
    return Paragraph("<br/>".join(escape(text) for text in texts), style)
