"""The variables that say how usage is billed, which every command that serves accounts reads."""

from typing import Annotated

from pydantic import AfterValidator, Field

from accounts.billing.settings import BillingSettings
from cli.variables.base import AbsolutePath, Variables

PREFIX = r"^[A-Za-z0-9][A-Za-z0-9-]{0,15}$"
EXPORTS_TO = r"^(/.*|s3://[A-Za-z0-9][A-Za-z0-9._-]{1,62}(/.*)?)$"
PLAN = r"^[a-z0-9][a-z0-9-]{0,62}$"


def _lines(text: str) -> str:
    return text.replace("\\n", "\n")


class BillingVariables(Variables):
    """All have a value that fits an installation that bills nobody."""

    billing_default_plan: str = Field("free", pattern=PLAN, description="the id of a price plan")
    billing_close_delay_seconds: int = Field(
        3600, ge=0, le=30 * 86400, description="a whole number of seconds from 0 to 30 days"
    )
    invoice_prefix: str = Field("INV-", pattern=PREFIX, description="1 to 16 letters, digits and dashes")
    invoice_seller: Annotated[str, AfterValidator(_lines)] | None = Field(
        None, description=r"a text, with \n between its lines"
    )
    invoice_font: AbsolutePath | None = Field(None, description="the path of a TrueType font")
    test_clocks: bool = Field(default=False, description="true or false")
    private_webhooks: bool = Field(default=False, description="true or false")
    stripe_api_key: str | None = Field(None, repr=False, description="a secret key of Stripe")
    stripe_api_base: str | None = Field(None, pattern=r"^https?://", description="a URL")

    exports_to: str | None = Field(
        None, pattern=EXPORTS_TO, description="the absolute path of a folder, or s3://BUCKET/PREFIX"
    )
    exports_s3_endpoint: str | None = Field(None, pattern=r"^https?://", description="a URL")

    @property
    def billing(self) -> BillingSettings:
        """Return what the account service is told."""
        return BillingSettings(
            default_plan=self.billing_default_plan,
            close_delay_seconds=self.billing_close_delay_seconds,
            invoice_prefix=self.invoice_prefix,
            seller=self.invoice_seller or "",
            invoice_font=self.invoice_font,
            private_webhooks=self.private_webhooks,
            stripe_api_key=self.stripe_api_key or "",
            stripe_api_base=self.stripe_api_base or "",
            exports_to=self.exports_to or "",
            exports_s3_endpoint=self.exports_s3_endpoint or "",
            test_clocks=self.test_clocks,
        )
