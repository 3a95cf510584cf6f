"""How an installation bills."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """How an installation bills.

    Attributes:
        default_plan: The price plan that a new account begins with.
        close_delay_seconds: How long after the end of a month it is closed, so that usage on its way is in it.
        invoice_prefix: What stands before the number of an invoice.
        seller: Who sends invoices: name, address and whatever the law asks for, in lines.
        invoice_font: The path of a TrueType font for PDFs, where names have letters that are not Latin.
        private_webhooks: Webhooks may go to addresses in this installation's own network, and without TLS.
        stripe_api_key: Stripe's secret key; without one Stripe is told nothing.
        stripe_api_base: Where Stripe's API is, for tests; empty for Stripe itself.
        exports_to: Where scheduled exports go: the path of a folder, or `s3://BUCKET/PREFIX`; empty for nowhere.
        exports_s3_endpoint: Where the bucket is, if that is not Amazon's S3.
        test_clocks: Any account may make itself one with a test clock; else operators of the installation alone may.
    """

    default_plan: str = "free"
    close_delay_seconds: int = 3600
    invoice_prefix: str = "INV-"
    seller: str = ""
    invoice_font: Path | None = None
    private_webhooks: bool = False
    stripe_api_key: str = field(default="", repr=False)
    stripe_api_base: str = ""
    exports_to: str = ""
    exports_s3_endpoint: str = ""
    test_clocks: bool = False
