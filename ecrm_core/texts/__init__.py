"""The words: every text a person sees, in Indonesian and English, and dates and money as they are written there.

The rest of the core speaks codes (`error.customer_not_visible`, `status.two_weeks`). A catalogue is
all TOML files of a language's folder together; nested tables join with dots. Placeholders are those
of `str.format`. A key ending in `.one` is used where the placeholder `count` is 1.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_compact_decimal, format_decimal, get_currency_symbol

from ecrm_core.errors import EcrmError
from ecrm_core.models.people import Language
from ecrm_core.rules import ActivityRule, ActivityStatus

CORE = Path(__file__).parent


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


@lru_cache
def catalogue(language: Language, *folders: Path) -> Mapping[str, str]:
    """Every text of a language, from the core's folder and those given.

    Raises:
        ValueError: two files give the same key.
    """
    texts: dict[str, str] = {}
    for folder in (CORE, *folders):
        for file in sorted((folder / str(language)).glob("*.toml")):
            for key, text in _flat(tomllib.loads(file.read_text(encoding="utf-8"))):
                if key in texts:
                    raise ValueError(f"{file}: {key} is there already")
                texts[key] = text
    return texts


LOCALES = {Language.INDONESIAN: Locale.parse("id_ID"), Language.ENGLISH: Locale.parse("en_GB")}

# What a screen says of days and money is much the same from one gesture to the next, and making it takes time.


@lru_cache(maxsize=10_000)
def _date(day: date, pattern: str, language: Language) -> str:
    return format_date(day, pattern, locale=LOCALES[language])


@lru_cache(maxsize=10_000, typed=True)
def _number(value: int | float | Decimal, pattern: str | None, language: Language) -> str:
    return format_decimal(value, pattern, locale=LOCALES[language])


@lru_cache
def _under(prefix: str, language: Language, folders: tuple[Path, ...]) -> Mapping[str, str]:
    start = f"{prefix}."
    return {key[len(start) :]: text for key, text in catalogue(language, *folders).items() if key.startswith(start)}


class Texts:
    """The words of one language. `texts("home.greeting", name="Siti")`."""

    def __init__(self, language: Language | str, *folders: Path) -> None:
        self.language = Language(language)
        self._folders = folders
        self._texts = catalogue(self.language, *folders)

    def __call__(self, key: str, **facts: Any) -> str:
        """The text of a key, filled in.

        Raises:
            KeyError: no such text, or a placeholder without its fact.
        """
        if facts.get("count") == 1 and f"{key}.one" in self._texts:
            key = f"{key}.one"
        return self._texts[key].format(**facts)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def starting_with(self, prefix: str) -> dict[str, str]:
        """Every text under a prefix, by the rest of its key: what a screen hands to its script."""
        return dict(_under(prefix, self.language, self._folders))

    def error(self, error: EcrmError) -> str:
        """A refusal in words: what was refused, why, what to do."""
        facts = {name: self._fact(value) for name, value in error.facts.items()}
        for name in ("field", "what"):
            if f"field.{facts.get(name)}" in self:
                facts[name] = self(f"field.{facts[name]}")
        reason = error.facts.get("reason")
        for key in (f"{error.code}.{reason}", error.code, EcrmError.code):
            if key in self:
                try:
                    return self(key, **facts)
                except KeyError:
                    continue
        return self(EcrmError.code)

    def _fact(self, value: Any) -> str:
        if isinstance(value, datetime):
            return value.isoformat(timespec="minutes")
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, list | tuple | set):
            return ", ".join(str(part) for part in value)
        return str(value)

    def day(self, day: date, *, year: bool = True) -> str:
        """A day as it is written: `24 Nov 2026`."""
        return _date(day, "d MMM y" if year else "d MMM", self.language)

    def long_date(self, day: date) -> str:
        """A day with its weekday: `Sel, 24 Nov 2026`."""
        return _date(day, "EEE, d MMM y", self.language)

    def full_date(self, day: date) -> str:
        """A day in full: `Selasa, 24 November 2026`."""
        return _date(day, "EEEE, d MMMM y", self.language)

    def weekday(self, day: date) -> str:
        """The day of the week: `Selasa`."""
        return _date(day, "EEEE", self.language)

    def month(self, day: date) -> str:
        """A month: `November 2026`."""
        return _date(day, "MMMM y", self.language)

    def clock(self, at: time | datetime) -> str:
        """A time of day: `09.30` in Indonesian, `09:30` in English."""
        return format_time(at, "HH.mm" if self.language is Language.INDONESIAN else "HH:mm", locale=self._locale)

    def status(self, status: ActivityStatus, rule: ActivityRule) -> str:
        """An activity status as the company's own boundaries name it: `2 minggu`, `1 bulan`."""
        if status is ActivityStatus.TWO_WEEKS:
            weeks, days = divmod(rule.two_weeks_days, 7)
            return self("span.days", count=rule.two_weeks_days) if days else self("span.weeks", count=weeks)
        if status is ActivityStatus.ONE_MONTH:
            return self("span.months", count=rule.one_month_months)
        if status is ActivityStatus.SIX_MONTHS:
            return self("span.months", count=rule.six_months_months)
        return self(f"status.{status}")

    def near(self, day: date, today: date) -> str:
        """A day in words where it is near (`kemarin`, `3 hari lagi`), else its date."""
        days = (day - today).days
        named = {0: "when.today", 1: "when.tomorrow", -1: "when.yesterday"}.get(days)
        if named:
            return self(named)
        if 0 < days <= 7:
            return self("when.in_days", count=days)
        if -7 <= days < 0:
            return self("when.days_ago", count=-days)
        return self.day(day, year=day.year != today.year)

    def money(self, amount: Decimal, currency: str = "IDR") -> str:
        """Money as it is written: `Rp 1.250.000`; decimals only where there are any."""
        pattern = "#,##0" if amount == amount.to_integral_value() else "#,##0.00##"
        number = _number(abs(amount), pattern, self.language)
        symbol = get_currency_symbol(currency, locale=self._locale)
        return f"{'−' if amount < 0 else ''}{symbol} {number}"

    def compact_money(self, amount: Decimal, currency: str = "IDR") -> str:
        """Money in few characters: `Rp 1,1 jt`."""
        number = format_compact_decimal(abs(amount), fraction_digits=1, locale=self._locale)
        return f"{'−' if amount < 0 else ''}{get_currency_symbol(currency, locale=self._locale)} {number}"

    def number(self, value: int | float | Decimal) -> str:
        """A number with its thousands parted."""
        return _number(value, None, self.language)

    @property
    def _locale(self) -> Locale:
        return LOCALES[self.language]
