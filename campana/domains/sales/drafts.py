"""What somebody typed, made into a sale that can be stored; every mistake is named by its field.

Door: `checked(typed)`. Messages are for people and in the reader's language.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from campana.errors import FieldError, Invalid
from campana.i18n import gettext as _
from campana.i18n import money, number

CURRENCIES = ("USD", "EUR", "GTQ", "HNL", "NIO", "CRC", "MXN")
LONGEST_NAME = 120
LONGEST_REASON = 200
UNKEPT = ("Cc", "Cs")  # control characters, halves of characters
MOST_ITEMS = 100
MOST_QUANTITY = Decimal("1000000")
MOST_MONEY = Decimal("9999999999.99")  # numeric(12, 2)
CENT = Decimal("0.01")
MOST_DECIMALS = 2

DIGITS = re.compile(r"(-?)([0-9]{1,100})(?:[.,]([0-9]{1,100}))?")


@dataclass(frozen=True, slots=True)
class TypedItem:
    """One line of the form, as it came."""

    product: str = ""
    quantity: str = ""
    price: str = ""

    @property
    def is_blank(self) -> bool:
        """A quantity alone says nothing: the form offers 1."""
        return not (self.product.strip() or self.price.strip())


@dataclass(frozen=True, slots=True)
class Typed:
    """The whole form, as it came. token: names the form, so that sent twice it is one sale."""

    customer: str = ""
    total: str = ""
    currency: str = ""
    items: Sequence[TypedItem] = ()
    token: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """Some of a product; `price` is that of one."""

    product: str
    quantity: Decimal
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Rounded as shops do, so that the lines on paper add up to the total."""
        return (self.quantity * self.price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Draft:
    """A sale that can be stored: 1–120 characters of customer, a total above zero, 0–100 items."""

    customer: str
    total: Decimal
    currency: str
    items: tuple[Item, ...] = ()
    token: UUID | None = None

    @property
    def digest(self) -> bytes:
        """The same for the same words and amounts, whatever form they came in."""
        said = (self.customer, f"{self.total:.2f}", self.currency, _plain(self.items))
        return hashlib.sha256(repr(said).encode()).digest()

    @property
    def columns(self) -> dict[str, list[object]]:
        """The items by column, for one statement."""
        return {
            "products": [item.product for item in self.items],
            "quantities": [item.quantity for item in self.items],
            "prices": [item.price for item in self.items],
        }


def checked(typed: Typed) -> Draft:
    """The draft that was meant; Invalid with everything that is wrong with it."""
    return _Check(typed).draft()


def checked_reason(text: str | None) -> str | None:
    """Why a sale was cancelled: None for nothing said, Invalid for more than 200 characters."""
    reason = " ".join((text or "").split())
    if any(unicodedata.category(sign) in UNKEPT for sign in reason):
        raise Invalid(_("There is a character in it that cannot be kept."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid(_at_most(LONGEST_REASON), field="reason")
    return reason or None


class _Check:
    """Looks at each field and gathers what is wrong."""

    def __init__(self, typed: Typed) -> None:
        self._typed = typed
        self._errors: list[FieldError] = []

    def draft(self) -> Draft:
        currency = self._currency()
        customer = self._name("customer", self._typed.customer, _("Who is the customer?"))
        items = self._items()
        total = self._total(items, currency)
        token = self._token()
        if self._errors:
            raise Invalid(self._errors[0].message, errors=self._errors)
        return Draft(customer, total, currency, items, token)

    def _refuse(self, field: str, message: str, code: str = "invalid_value") -> None:
        if all(error.field != field for error in self._errors):
            self._errors.append(FieldError(field, code, message))

    def _currency(self) -> str:
        currency = self._typed.currency.strip().upper() or CURRENCIES[0]
        if currency not in CURRENCIES:
            self._refuse("currency", _("Choose one of the currencies."))
            return CURRENCIES[0]
        return currency

    def _name(self, field: str, text: str, missing: str) -> str:
        name = unicodedata.normalize("NFC", " ".join(text.split()))
        if any(unicodedata.category(sign) in UNKEPT for sign in name):
            self._refuse(field, _("There is a character in it that cannot be kept."))
        elif all(unicodedata.category(sign)[0] in "CZ" for sign in name):
            self._refuse(field, missing, "missing")
        elif len(name) > LONGEST_NAME:
            self._refuse(field, _at_most(LONGEST_NAME))
        return name

    def _items(self) -> tuple[Item, ...]:
        lines = [(n, one) for n, one in enumerate(self._typed.items) if not one.is_blank]
        if len(lines) > MOST_ITEMS:
            self._refuse("items", _("At most %(count)s items.") % {"count": MOST_ITEMS})
            return ()
        return tuple(self._item(f"items.{n}.", line) for n, line in lines)

    def _item(self, place: str, line: TypedItem) -> Item:
        product = self._name(f"{place}product", line.product, _("What is it?"))
        quantity = self._amount(f"{place}quantity", line.quantity or "1", MOST_QUANTITY)
        if quantity == 0:
            self._refuse(f"{place}quantity", _("More than zero."))
        return Item(product, quantity, self._amount(f"{place}price", line.price, MOST_MONEY))

    def _total(self, items: Sequence[Item], currency: str) -> Decimal:
        """The items' sum, or what was typed where there are none."""
        if any(error.field.startswith("items") for error in self._errors):
            return Decimal(0)
        if not items and not self._typed.total.strip():
            self._refuse("total", _("Enter a total, or what was sold."), "missing")
            return Decimal(0)
        total = sum((item.amount for item in items), Decimal(0))
        if not items or self._typed.total.strip():
            typed = self._amount("total", self._typed.total, MOST_MONEY)
            if items and typed != total:
                said = {"sum": money(total, currency)}
                self._refuse("total", _("The items add up to %(sum)s.") % said)
            total = typed
        if not 0 < total <= MOST_MONEY:
            self._refuse("total", _("More than zero.") if total <= 0 else _too_large(MOST_MONEY))
        return total

    def _amount(self, field: str, text: str, most: Decimal) -> Decimal:
        """A number of at most two decimals, not negative; 1,50 counts as 1.50."""
        text = text.strip()
        found = DIGITS.fullmatch(text)
        if not text:
            self._refuse(field, _("Enter an amount."), "missing")
        elif not found:
            self._refuse(field, _("Write it as a number, such as 12.50."))
        elif found[1]:
            self._refuse(field, _("It cannot be negative."))
        elif len(found[3] or "") > MOST_DECIMALS:
            self._refuse(field, _("At most two decimals, and no separators of thousands."))
        elif (amount := Decimal(f"{found[2]}.{found[3] or 0}")) > most:
            self._refuse(field, _too_large(most))
        else:
            return amount
        return Decimal(0)

    def _token(self) -> UUID | None:
        try:
            return UUID(self._typed.token) if self._typed.token else None
        except ValueError:
            self._refuse("token", _("This form is too old. Please send it again."), "malformed")
            return None


def _at_most(length: int) -> str:
    return _("At most %(count)s characters.") % {"count": length}


def _too_large(most: Decimal) -> str:
    return _("At most %(most)s.") % {"most": number(most)}


def _plain(items: Sequence[Item]) -> list[tuple[str, str, str]]:
    return [(item.product, f"{item.quantity:.2f}", f"{item.price:.2f}") for item in items]
