"""Scripts and messages: kept by the admin, filled in with who is spoken to and what they bought.

The most particular text is used: first what is for this reason to call, then what is about this
product, and the admin's before the shipped one of the language. A text whose placeholders do not
all have something to say gives way to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from string import Formatter
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from ecrm_core.crm import Work
from ecrm_core.errors import ChangedMeanwhile, InvalidValue, NotVisible
from ecrm_core.models import (
    AgendaKind,
    Employee,
    Language,
    OrderLine,
    Product,
    Role,
    TemplateKind,
    TextTemplate,
)
from ecrm_core.queries.stamps import stamp
from ecrm_core.services.checks import required_text
from ecrm_core.services.contacts import zone_of
from ecrm_core.services.customers import own_customer
from ecrm_core.texts import Texts, catalogue

PLACEHOLDERS = ("name", "product", "bought_on", "city", "daytime", "me", "company")
"""What a text may speak of: the customer, the product and when they bought it, where they live, the
time of day there (morning, evening), who calls, and the company. What each means is
`placeholder.<name>` in the catalogues."""
TEXT_LIMIT = 4000
SHIPPED = "template"
ANY = "any"
SAMPLE_DAYS = 31
"""How long ago the customer of a preview has bought."""

_DAYTIMES = ((time(4), "morning"), (time(11), "midday"), (time(15), "afternoon"), (time(18), "evening"))


_TEXTS = (
    select(TextTemplate.kind, TextTemplate.reason, TextTemplate.product_id, TextTemplate.text)
    .where(TextTemplate.kind.in_(bindparam("kinds", expanding=True)), TextTemplate.language == bindparam("language"))
    .order_by(TextTemplate.id)
)


@dataclass(frozen=True)
class TemplateRow:
    """A text with its placeholders. `reason` and `product_id` none where it is for any.

    `id` is none for a shipped one: it cannot be changed, only written over by one of the admin's.
    """

    id: int | None
    kind: TemplateKind
    language: Language
    reason: AgendaKind | None
    product_id: int | None
    product: str | None
    text: str
    changed_at: datetime | None
    changed_by: str | None = None

    @property
    def shipped(self) -> bool:
        return self.id is None


@dataclass(frozen=True)
class TextFacts:
    """Whom a text is about; what is not known is none. `local` is the instant by their own clock."""

    name: str
    city: str | None
    local: datetime
    product_id: int | None = None
    product: str | None = None
    bought_on: date | None = None


def list_templates(work: Work) -> list[TemplateRow]:
    """Every text: the admin's, and the shipped ones that none of the admin's stands in for.

    By kind and language, the general one first, then by reason and product.
    """
    rows = work.session.execute(
        select(TextTemplate, Product.name, Employee.name)
        .outerjoin(Product, Product.id == TextTemplate.product_id)
        .outerjoin(Employee, Employee.id == TextTemplate.changed_by_id)
    )
    own = [
        TemplateRow(row.id, row.kind, row.language, row.reason, row.product_id, product, row.text, row.changed_at, by)
        for row, product, by in rows
    ]
    taken = {(row.kind, row.language, row.reason) for row in own if row.product_id is None}
    shipped = [row for row in _shipped() if (row.kind, row.language, row.reason) not in taken]
    kinds, languages, reasons = list(TemplateKind), list(Language), [None, *AgendaKind]
    return sorted(
        [*own, *shipped],
        key=lambda row: (
            kinds.index(row.kind),
            languages.index(row.language),
            row.product or "",
            reasons.index(row.reason),
            row.id or 0,
        ),
    )


def save_template(
    work: Work,
    kind: TemplateKind | str,
    language: Language | str,
    text: str,
    *,
    reason: AgendaKind | str | None = None,
    product_id: int | None = None,
) -> TemplateRow:
    """Keep a text for a kind, language, reason and product; it takes the place of what stood there.

    Raises:
        NotAllowed: not an admin.
        InvalidValue: no text, a placeholder that is not in `PLACEHOLDERS` (named in `value`), a
            brace without its other half, or a product that does not exist.
    """
    work.require(Role.ADMIN)
    told = required_text("text", text, limit=TEXT_LIMIT, lines=True)
    check_placeholders(told)
    kind, language = TemplateKind(kind), Language(language)
    reason = AgendaKind(reason) if reason is not None else None
    product = None
    if product_id is not None:
        product = work.session.get(Product, product_id, with_for_update=True)
        if product is None:
            raise InvalidValue("product", product_id, "unknown_product")
    row = work.session.scalar(
        select(TextTemplate)
        .where(
            TextTemplate.kind == kind,
            TextTemplate.language == language,
            TextTemplate.reason.is_(None) if reason is None else TextTemplate.reason == reason,
            TextTemplate.product_id.is_(None) if product_id is None else TextTemplate.product_id == product_id,
        )
        .order_by(TextTemplate.id)
        .limit(1)
        .with_for_update()
    )
    if row is None:
        row = TextTemplate(kind=kind, language=language, reason=reason, product_id=product_id)
        work.session.add(row)
    row.text, row.changed_at, row.changed_by_id = told, work.now, work.actor.employee_id
    work.session.flush()
    return TemplateRow(
        row.id, kind, language, reason, product_id, product.name if product else None, row.text, row.changed_at
    )


def delete_template(work: Work, template_id: int) -> None:
    """Take one of the admin's texts away; the shipped or a more general one is used again.

    Raises:
        NotAllowed: not an admin.
        NotVisible: no such text.
    """
    work.require(Role.ADMIN)
    row = work.session.get(TextTemplate, template_id, with_for_update=True)
    if row is None:
        raise NotVisible(template_id=template_id)
    work.session.delete(row)
    work.session.flush()


@dataclass(frozen=True)
class TextSet:
    """What is said for one kind, reason and product, in every language."""

    kind: TemplateKind
    reason: AgendaKind | None
    product_id: int | None
    product: str | None
    texts: Mapping[Language, TemplateRow]
    """What is used of this very reason and product; a language without a text of its own is not in it."""
    stamp: str
    """Differs as soon as somebody has changed one of the company's own."""

    @property
    def own(self) -> bool:
        """Whether one of them is the company's own."""
        return any(not row.shipped for row in self.texts.values())

    @property
    def shipped(self) -> bool:
        """Whether there is a shipped text to go back to."""
        return bool(_shipped_for(self.kind, self.reason, self.product_id))


def list_text_sets(work: Work) -> list[TextSet]:
    """All texts, those of one use together; in the order of `list_templates`."""
    sets: dict[tuple[TemplateKind, AgendaKind | None, int | None], list[TemplateRow]] = {}
    for row in list_templates(work):
        sets.setdefault((row.kind, row.reason, row.product_id), []).append(row)
    kinds = list(TemplateKind)
    found = [
        TextSet(kind, reason, product_id, rows[0].product, {row.language: row for row in rows}, _stamp(rows))
        for (kind, reason, product_id), rows in sets.items()
    ]
    return sorted(found, key=lambda each: kinds.index(each.kind))


def write_texts(
    work: Work,
    kind: TemplateKind | str,
    texts: Mapping[Language, str],
    *,
    reason: AgendaKind | str | None = None,
    product_id: int | None = None,
    seen: str | None = None,
) -> None:
    """Keep what one use says in every language; what is left empty, or as it is shipped, is the shipped text.

    Args:
        texts: as they are typed.
        seen: the stamp of what was opened; none for a use that has no text of the company's own yet.

    Raises:
        NotAllowed: not an admin.
        ChangedMeanwhile: somebody else has changed one of them since.
        InvalidValue: as of `save_template`; `taken` where the company has texts for this use already.
    """
    work.require(Role.ADMIN)
    kind = TemplateKind(kind)
    reason = AgendaKind(reason) if reason is not None else None
    rows = _own_rows(work, kind, reason, product_id)
    if seen is None and rows:
        raise InvalidValue("reason", reason, "text_taken")
    if seen is not None and _stamp(rows) != seen:
        raise ChangedMeanwhile()
    shipped = _shipped_for(kind, reason, product_id)
    wanted = {language: texts.get(language, "").strip() for language in Language}
    told = {language: text for language, text in wanted.items() if text and text != shipped.get(language, "").strip()}
    if seen is None and not any(wanted.values()):
        raise InvalidValue(f"text_{work.actor.language}", None, "empty")
    for row in rows:
        if row.language not in told:
            work.session.delete(row)
    for language, text in told.items():
        if all((row.language, row.text) != (language, text) for row in rows):
            save_template(work, kind, language, text, reason=reason, product_id=product_id)
    work.session.flush()


def delete_texts(
    work: Work, kind: TemplateKind | str, *, reason: AgendaKind | str | None = None, product_id: int | None = None
) -> dict[Language, str]:
    """Take the company's own texts of one use away, and answer them: the shipped or more general ones are used again.

    Raises:
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    rows = _own_rows(work, TemplateKind(kind), AgendaKind(reason) if reason is not None else None, product_id)
    gone = {row.language: row.text for row in rows}
    for row in rows:
        work.session.delete(row)
    work.session.flush()
    return gone


def sample_text(work: Work, text: str, language: Language | str, *, product: str | None = None) -> str:
    """A text filled in for a customer who does not exist: how it will sound.

    Args:
        product: name of the product it is about; none takes one that is sold.

    Raises:
        InvalidValue: as of `check_placeholders`.
    """
    check_placeholders(text)
    spoken = Language(language)
    say = Texts(spoken)
    if product is None and "{product}" in text:
        product = work.session.scalar(
            select(Product.name).where(Product.active.is_(True)).order_by(Product.id).limit(1)
        )
    local = work.now.astimezone(work.rules.timezone)
    bought_on = work.today - timedelta(days=SAMPLE_DAYS)
    sample = TextFacts(say("sample.name"), say("sample.city"), local, None, product or say("sample.product"), bought_on)
    return fill(text, _known(work, sample, spoken)) or ""


def _own_rows(
    work: Work, kind: TemplateKind, reason: AgendaKind | None, product_id: int | None
) -> Sequence[TextTemplate]:
    return work.session.scalars(
        select(TextTemplate)
        .where(
            TextTemplate.kind == kind,
            TextTemplate.reason.is_(None) if reason is None else TextTemplate.reason == reason,
            TextTemplate.product_id.is_(None) if product_id is None else TextTemplate.product_id == product_id,
        )
        .order_by(TextTemplate.id)
        .with_for_update()
    ).all()


def _stamp(rows: Iterable[TemplateRow | TextTemplate]) -> str:
    return stamp(*sorted((row.language.value, row.text) for row in rows if row.id is not None))


def _shipped_for(kind: TemplateKind, reason: AgendaKind | None, product_id: int | None) -> dict[Language, str]:
    if product_id is not None:
        return {}
    return {row.language: row.text for row in _shipped() if (row.kind, row.reason) == (kind, reason)}


def check_placeholders(text: str) -> None:
    """Refuse a text that speaks of what nobody knows.

    Raises:
        InvalidValue: `placeholders`, with those that are unknown in `value` and the known ones in
            `allowed`; `braces` where one has no other half.
    """
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidValue("text", text[:40], "braces") from error
    unknown = dict.fromkeys(
        f"{{{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}}}"
        for _, name, form, conversion in parts
        if name is not None and (name not in PLACEHOLDERS or form or conversion)
    )
    if unknown:
        allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise InvalidValue("text", ", ".join(unknown), "placeholders", allowed=allowed)


def text_for(
    work: Work,
    kind: TemplateKind | str,
    *,
    customer_id: int,
    reason: AgendaKind | str | None = None,
    product_id: int | None = None,
    language: Language | str | None = None,
) -> str | None:
    """What to say or send to a customer, filled in; none where there is no text for it.

    Args:
        product_id: what it is about; when they bought it last is looked up.
        language: the text's; none means the actor's own.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    customer = own_customer(work, customer_id)
    product, bought_on = None, None
    if product_id is not None:
        product = work.session.scalar(select(Product.name).where(Product.id == product_id))
        bought_at = work.session.scalar(
            select(OrderLine.ordered_at)
            .where(
                OrderLine.customer_id == customer_id,
                OrderLine.product_id == product_id,
                OrderLine.void_at.is_(None),
            )
            .order_by(OrderLine.ordered_at.desc())
            .limit(1)
        )
        bought_on = work.rules.business_date(bought_at) if bought_at else None
    local = work.now.astimezone(ZoneInfo(zone_of(work, customer)))
    facts = TextFacts(customer.name, customer.city, local, product_id, product, bought_on)
    kind = TemplateKind(kind)
    return texts_for(work, [kind], facts, reason=AgendaKind(reason) if reason else None, language=language)[kind]


def texts_for(
    work: Work,
    kinds: Collection[TemplateKind],
    facts: TextFacts,
    *,
    reason: AgendaKind | None,
    language: Language | str | None = None,
) -> dict[TemplateKind, str | None]:
    """The texts of several kinds about one customer, in one statement."""
    spoken = Language(language or work.actor.language)
    rows = work.session.execute(_TEXTS, {"kinds": list(kinds), "language": spoken}).all()
    known = _known(work, facts, spoken)
    return {
        kind: most_particular(
            [
                *((row.reason, row.product_id, row.text) for row in rows if row.kind is kind),
                *((row.reason, None, row.text) for row in _shipped() if (row.kind, row.language) == (kind, spoken)),
            ],
            known,
            reason=reason,
            product_id=facts.product_id,
        )
        for kind in kinds
    }


def most_particular(
    texts: Iterable[tuple[AgendaKind | None, int | None, str]],
    facts: Mapping[str, str],
    *,
    reason: AgendaKind | None,
    product_id: int | None,
) -> str | None:
    """The most particular text all of whose placeholders are known, filled in; of equals the first.

    Args:
        texts: each with the reason and the product it is for (none: for any).
        facts: what is known, by placeholder.
    """
    fitting = [
        (why is not None, about is not None, text)
        for why, about, text in texts
        if why in {None, reason} and about in {None, product_id}
    ]
    for _, _, text in sorted(fitting, key=lambda one: one[:2], reverse=True):
        told = fill(text, facts)
        if told is not None:
            return told
    return None


def fill(text: str, facts: Mapping[str, str]) -> str | None:
    """A text with its placeholders filled in; none where one of them is not known, or a brace stands alone."""
    told = []
    try:
        for before, name, _, _ in Formatter().parse(text):
            told.append(before)
            if name is not None:
                told.append(facts[name])
    except (KeyError, ValueError):
        return None
    return "".join(told)


def _known(work: Work, facts: TextFacts, language: Language) -> dict[str, str]:
    say = Texts(language)
    known = {
        "name": facts.name,
        "city": facts.city,
        "product": facts.product,
        "bought_on": say.near(facts.bought_on, work.today) if facts.bought_on else None,
        "daytime": say(f"daytime.{daytime(facts.local.time())}"),
        "me": work.actor.name,
        "company": work.rules.company_name,
    }
    return {name: value for name, value in known.items() if value}


def daytime(clock: time) -> str:
    """The part of a day that a greeting names: morning from 04.00, midday from 11.00, afternoon from 15.00, evening."""
    return next((name for start, name in reversed(_DAYTIMES) if clock >= start), _DAYTIMES[-1][1])


@cache
def _shipped() -> tuple[TemplateRow, ...]:
    return tuple(
        TemplateRow(None, kind, language, reason, None, None, text, None)
        for language in Language
        for kind in TemplateKind
        for reason in (None, *AgendaKind)
        if (text := catalogue(language).get(f"{SHIPPED}.{kind}.{reason or ANY}"))
    )
