"""What a template is given: facts, written as the customer reads them."""

from dataclasses import dataclass, field
from datetime import date, datetime

from babel.core import Locale
from babel.lists import format_list

from dunning.brands.brand import Brand
from dunning.language.choose import is_right_to_left, locale_of_words
from dunning.language.dates import format_day, format_day_of_year, format_period
from dunning.language.methods import CARDS, METHODS
from dunning.language.money import format_money
from dunning.language.sentences import Sentences
from dunning.language.strangers import MAX_PRODUCT, greeting_name, one_line
from dunning.rules.declines import Advice

_MAX_CARD_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Sum:
    """What else is owed for a subscription, in minor units of `currency_code`, and when that was billed."""

    amount: int = field(repr=False)
    currency_code: str
    billed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtFacts:
    """What a mail says of one subscription.

    `amount` is in minor units of `currency_code`; `reason` and `advice` are keys of `rules.declines`; `method`,
    `card_brand` and `card_last4` are of the attempt that failed, in Paddle's words; `ends_on` is given only where the
    end is certain, since a wrong date is worse than none. `further` is what else is owed for the subscription.
    """

    product_names: tuple[str, ...] = field(repr=False)
    amount: int = field(repr=False)
    currency_code: str
    method: str | None = None
    card_brand: str | None = None
    card_last4: str | None = field(repr=False)
    reason: str
    advice: str = Advice.GENERIC
    link: str = field(repr=False)
    stop_link: str = field(default="", repr=False)
    ends_on: date | None
    billed_on: date | None = None
    period: tuple[date, date] | None = None
    """What the bill is for: its first day, and the day on which the next one begins."""
    mails_sent: int = 0
    """How many mails about this debt went out before, or may have."""
    further: tuple[Sum, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts(DebtFacts):
    """All that one mail says. What names a person, or opens a page for them, never reaches a repr, and so no log.

    `others` are the customer's other subscriptions that the mail names too; `is_last` says whether the campaign has no
    mail after this one.
    """

    template: str
    step: str
    case_id: str
    customer_name: str | None = field(repr=False)
    recipient: str = field(repr=False)
    locale: str
    dated_at: datetime
    resends: int = 0
    is_last: bool = True
    brand: Brand = field(default_factory=Brand)
    others: tuple[DebtFacts, ...] = ()

    @property
    def mail_id(self) -> str:
        """What makes this mail another than all others. One that an operator had sent anew has an id of its own."""
        anew = f".{self.resends}" if self.resends else ""
        return f"{self.case_id}.{self.step}{anew}"


def values_of(facts: MailFacts, sentences: Sentences, *, seller: str, can_reply: bool) -> dict[str, object]:
    """Give the words a template may use, in the language of the sentences."""
    locale, brand = locale_of_words(facts.locale, sentences.language), facts.brand
    debts = [_debt(debt, sentences, locale) for debt in (facts, *facts.others)]
    mirrored = is_right_to_left(sentences.language)
    return {
        **debts[0],
        "brand": {
            "name": seller,
            "logo": brand.logo,
            "colour": brand.colour,
            "website": brand.website,
            "support": brand.support,
            "support_link": brand.support_link,
            "address": brand.address.splitlines(),
            "sign_off": brand.sign_off(sentences.language) or seller,
            "statement_descriptor": brand.statement_descriptor,
            "light": brand.scheme.light,
            "dark": brand.scheme.dark,
        },
        "can_reply": can_reply,
        "customer_name": greeting_name(facts.customer_name),
        "debts": debts,
        "direction": "rtl" if mirrored else "ltr",
        "end": "left" if mirrored else "right",
        "is_last": facts.is_last,
        "language": sentences.language,
        "locale": str(locale).replace("_", "-"),
        "seller": seller,
        "several": len(debts) > 1 or bool(facts.further),
        "start": "right" if mirrored else "left",
        "step": facts.step,
        "total": _total(facts, locale),
    }


def _debt(debt: DebtFacts, sentences: Sentences, locale: Locale) -> dict[str, object]:
    """Give the words for one subscription."""
    products = [name for name in (one_line(name, at_most=MAX_PRODUCT) for name in debt.product_names) if name]
    amount = format_money(debt.amount, debt.currency_code, str(locale))
    further = [format_money(one.amount, one.currency_code, str(locale)) for one in debt.further]
    last4 = one_line(debt.card_last4 or "", at_most=_MAX_CARD_DIGITS)
    return {
        "advice": _known(sentences, "advice", debt.advice),
        "advice_key": debt.advice,
        "amount": amount,
        "amounts": format_list([amount, *further], locale=locale),
        "bills": [
            {"amount": amount, "billed_on": _day(debt.billed_on, locale)},
            *(
                {"amount": written, "billed_on": _day(one.billed_on, locale)}
                for written, one in zip(further, debt.further, strict=True)
            ),
        ],
        "billed_day": format_day_of_year(debt.billed_on, locale) if debt.billed_on else "",
        "billed_on": _day(debt.billed_on, locale),
        "billed_short": format_day_of_year(debt.billed_on, locale, in_figures=True) if debt.billed_on else "",
        "card_last4": last4,
        "ends_on": _day(debt.ends_on, locale),
        "first_contact": not debt.mails_sent,
        "further": further,
        "link": debt.link,
        "mails_sent": debt.mails_sent,
        "method": {
            "kind": debt.method or "",
            "name": METHODS.get(debt.method or "", ""),
            "brand": CARDS.get(debt.card_brand or "", ""),
            "last4": last4,
        },
        "period": format_period(*debt.period, locale) if debt.period else "",
        "product": format_list(products, locale=locale),
        "products": products,
        "reason": _known(sentences, "reason", debt.reason),
        "reason_key": debt.reason,
        "stop_link": debt.stop_link,
    }


def _known(sentences: Sentences, group: str, key: str) -> str:
    """Say a reason or an advice; one that isn't known is told in general words."""
    known = f"{group}.{key}"
    return sentences.say(known if known in sentences.keys else f"{group}.generic", {})


def _day(day: date | None, locale: Locale) -> str:
    return format_day(day, locale) if day else ""


def _total(facts: MailFacts, locale: Locale) -> str:
    """Add up all that the mail names, where it is of one currency."""
    sums = [
        (one.currency_code, one.amount)
        for debt in (facts, *facts.others)
        for one in (Sum(debt.amount, debt.currency_code), *debt.further)
    ]
    currency = facts.currency_code
    if any(other != currency for other, _ in sums):
        return ""
    return format_money(sum(amount for _, amount in sums), currency, str(locale))
