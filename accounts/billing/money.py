"""Money: exact until it is rounded, once, to what a currency can be paid in.

Amounts are Decimal and never a float. Sums and products are made in a context that refuses to lose a digit, so a result
that is not exact is an error and not a cent that nobody finds.
"""

import decimal
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from api.errors import InvalidArgument

_EXACT = decimal.Context(
    prec=100, rounding=ROUND_HALF_EVEN, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow]
)
_ROUNDING = decimal.Context(prec=100, rounding=ROUND_HALF_EVEN, traps=[decimal.InvalidOperation, decimal.Overflow])

MOST_DIGITS = 30
"""Digits of an amount or a price that is accepted, before and behind the point together."""

ZERO = Decimal(0)

_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC"
        " CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR"
        " JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD"
        " NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN"
        " SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}
CURRENCIES = {code: places for places, codes in _EXPONENTS.items() for code in codes.split()}
"""ISO 4217: each currency, and how many decimals it is paid in."""


def checked_currency(code: str) -> str:
    """Return the code of a currency.

    Raises:
        InvalidArgument: there is no such currency.
    """
    if code not in CURRENCIES:
        raise InvalidArgument(f"'{code}' is not a currency; send a code of ISO 4217 such as USD, JPY or KWD")
    return code


def times(quantity: int | Decimal, price: Decimal) -> Decimal:
    """Return the exact product."""
    return _EXACT.multiply(Decimal(quantity), price)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    result = ZERO
    for amount in amounts:
        result = _EXACT.add(result, amount)
    return result


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` in the decimals of its currency; what lies in the middle goes to the even neighbour."""
    return amount.quantize(Decimal(1).scaleb(-CURRENCIES[currency]), context=_ROUNDING)


def part_of(amount: Decimal, numerator: int, denominator: int, currency: str) -> Decimal:
    """Return the part numerator/denominator of `amount`, rounded."""
    return rounded(_ROUNDING.divide(times(numerator, amount), Decimal(denominator)), currency)


def payable(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` in the decimals of its currency, which it must not exceed.

    Raises:
        InvalidArgument: it cannot be paid in this currency.
    """
    if (
        not amount.is_finite()
        or len(amount.as_tuple().digits) > MOST_DIGITS
        or abs(amount) >= Decimal(10) ** MOST_DIGITS
    ):
        raise InvalidArgument(f"an amount of money has at most {MOST_DIGITS} digits")
    result = rounded(amount, currency)
    if result != amount:
        raise InvalidArgument(f"{amount} {currency} cannot be paid: {currency} has {CURRENCIES[currency]} decimals")
    return result


def plain(amount: Decimal) -> str:
    """Return an amount as text without an exponent, such as 0.0000005."""
    return format(amount, "f")


def plain_unit(price: Decimal) -> str:
    """Return a price as text without an exponent and without zeros that say nothing."""
    text = plain(price)
    return text.rstrip("0").rstrip(".") if "." in text else text
