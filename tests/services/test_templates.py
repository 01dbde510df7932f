"""Scripts and messages: kept by the admin, the most particular one filled in."""

from __future__ import annotations

from datetime import date, datetime, time
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.errors import ChangedMeanwhile, CustomerNotVisible, InvalidValue, NotAllowed, NotVisible
from ecrm_core.models import AgendaKind, Language, Product, TemplateKind
from ecrm_core.services.customers import change_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.templates import (
    PLACEHOLDERS,
    TextFacts,
    check_placeholders,
    daytime,
    delete_template,
    delete_texts,
    fill,
    list_templates,
    list_text_sets,
    most_particular,
    sample_text,
    save_template,
    text_for,
    texts_for,
    write_texts,
)
from ecrm_core.texts import Texts, catalogue
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

SCRIPT = TemplateKind.SCRIPT


def said(crm: Crm, shop: Shop, who: str = "siti", **named: object) -> str | None:
    with crm.work(who) as work:
        return text_for(work, "script", customer_id=shop.dewi, **named)  # type: ignore[arg-type]


def written(crm: Crm, text: str, **named: object) -> int:
    with crm.work("agus") as work:
        kind, language = named.pop("kind", "script"), named.pop("language", "id")
        row = save_template(work, kind, language, text, **named)  # type: ignore[arg-type]
        assert row.id is not None
        return row.id


@pytest.mark.parametrize("language", list(Language))
def test_what_is_shipped_speaks_only_of_what_is_known(language: Language) -> None:
    shipped = {key: text for key, text in catalogue(language).items() if key.startswith("template.")}
    assert len(shipped) > 15
    for key, text in shipped.items():
        check_placeholders(text)
        kind, reason = key.split(".")[1:]
        assert TemplateKind(kind)
        assert reason == "any" or AgendaKind(reason)
    general = {"name", "me", "company", "daytime"}
    for kind in TemplateKind:
        used = {name for _, name, _, _ in Formatter().parse(shipped[f"template.{kind}.any"]) if name}
        assert used <= general, "the general one can be said to everybody"
    assert {key.removeprefix("placeholder.") for key in catalogue(language) if key.startswith("placeholder.")} == set(
        PLACEHOLDERS
    )


def test_a_shipped_text_names_the_customer_and_what_they_bought(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention="1"))
    clock.advance(days=30)
    text = said(crm, shop, reason="follow_up", product_id=shop.suit)
    assert text is not None
    assert "Bapak/Ibu Dewi Lestari. Saya Siti Rahayu dari Toko TV Nusantara" in text
    assert "membeli Slim Suit 24 Nov" in text
    assert "{" not in text
    english = said(crm, shop, reason="follow_up", product_id=shop.suit, language="en")
    assert english is not None
    assert "You bought Slim Suit 24 Nov" in english


def test_what_cannot_be_filled_in_gives_way_to_what_can(crm: Crm, shop: Shop) -> None:
    text = said(crm, shop, reason="follow_up", product_id=shop.suit)  # never bought
    assert text == said(crm, shop)
    assert text is not None
    assert "Slim Suit" not in text
    written(crm, "Kabar dari {city}, {name}?")
    assert said(crm, shop) == text
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, city="Bogor")
    assert said(crm, shop) == "Kabar dari Bogor, Dewi Lestari?"


def test_the_most_particular_text_is_used(crm: Crm, shop: Shop) -> None:
    shipped = said(crm, shop, reason="win_back")
    general = written(crm, "umum")
    assert said(crm, shop) == "umum"
    assert said(crm, shop, reason="win_back") == shipped, "the shipped one is for this very reason"
    about = written(crm, "tentang {product}", product_id=shop.suit)
    assert said(crm, shop, product_id=shop.suit) == "tentang Slim Suit"
    assert said(crm, shop, product_id=shop.pan) == "umum"
    why = written(crm, "ajak kembali", reason="win_back")
    assert said(crm, shop, reason="win_back", product_id=shop.suit) == "ajak kembali"
    both = written(crm, "ajak kembali {product}", reason="win_back", product_id=shop.suit)
    assert said(crm, shop, reason="win_back", product_id=shop.suit) == "ajak kembali Slim Suit"
    assert said(crm, shop, reason="win_back", product_id=shop.pan) == "ajak kembali"
    for each in (both, why, about, general):
        with crm.work("agus") as work:
            delete_template(work, each)
    assert said(crm, shop, reason="win_back", product_id=shop.suit) == shipped


def test_each_language_and_kind_has_its_own(crm: Crm, shop: Shop) -> None:
    written(crm, "salam")
    written(crm, "hello", language="en")
    written(crm, "pesan", kind="whatsapp")
    assert said(crm, shop) == "salam"
    assert said(crm, shop, language=Language.ENGLISH) == "hello"
    with crm.work("siti") as work:
        assert text_for(work, TemplateKind.WHATSAPP, customer_id=shop.dewi) == "pesan"


def test_saving_again_writes_over_what_stood_there(crm: Crm, shop: Shop) -> None:
    first = written(crm, "satu", reason="slip")
    assert written(crm, "dua", reason="slip") == first
    with crm.work("siti") as work:
        found = [row for row in list_templates(work) if (row.kind, row.language, row.reason) == (SCRIPT, "id", "slip")]
    assert [(row.text, row.shipped) for row in found] == [("dua", False)]


def test_the_list_shows_the_shipped_ones_until_one_is_written(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        before = list_templates(work)
    assert all(row.shipped for row in before)
    assert {(row.kind, row.language) for row in before} == {(kind, each) for kind in TemplateKind for each in Language}
    assert next(row.reason for row in before if row.kind is SCRIPT) is None
    written(crm, "untuk {product}", product_id=shop.suit)
    written(crm, "umum")
    with crm.work("agus") as work:
        after = list_templates(work)
    assert len(after) == len(before) + 1
    assert [row.product for row in after if not row.shipped] == [None, "Slim Suit"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Halo {nama}", "{nama}"),
        ("Halo {name}, {umur} tahun, {umur}, {alamat}", "{umur}, {alamat}"),
        ("{name.__class__}", "{name.__class__}"),
        ("{name[0]}", "{name[0]}"),
        ("{name:>9999999}", "{name:>9999999}"),
        ("{name!r}", "{name!r}"),
        ("{}", "{}"),
        ("{0}", "{0}"),
    ],
)
def test_an_unknown_placeholder_is_refused_by_its_name(crm: Crm, text: str, named: str) -> None:
    with pytest.raises(InvalidValue) as refused, crm.work("agus") as work:
        save_template(work, "script", "id", text)
    assert refused.value.facts["value"] == named
    for language in Language:
        sentence = Texts(language).error(refused.value)
        assert named in sentence
        assert "{name}, {product}, {bought_on}" in sentence


@pytest.mark.parametrize("text", ["Halo {name", "Halo name}", "{{name}"])
def test_a_brace_alone_is_refused(crm: Crm, text: str) -> None:
    with pytest.raises(InvalidValue) as refused, crm.work("agus") as work:
        save_template(work, "script", "id", text)
    assert refused.value.reason == "braces"


def test_other_refusals(crm: Crm, shop: Shop) -> None:
    one = written(crm, "satu")
    for who in ("siti", "ratna"):
        with pytest.raises(NotAllowed), crm.work(who) as work:
            save_template(work, "script", "id", "dua")
        with pytest.raises(NotAllowed), crm.work(who) as work:
            delete_template(work, one)
    with crm.work("agus") as work:
        for text in ("", "  ", "a" * 4001, "a\x00b"):
            with pytest.raises(InvalidValue, match="text"):
                save_template(work, "script", "id", text)
        with pytest.raises(InvalidValue, match="unknown_product"):
            save_template(work, "script", "id", "tiga", product_id=10**9)
        with pytest.raises(NotVisible):
            delete_template(work, 10**9)
    with pytest.raises(CustomerNotVisible), crm.work("budi") as work:
        text_for(work, "script", customer_id=shop.dewi)
    assert said(crm, shop) == "satu"


def test_what_a_customer_is_called_is_never_read_as_a_placeholder(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, name="Dewi {company} {x}")
    written(crm, "Halo {name}, {{bukan}}")
    assert said(crm, shop) == "Halo Dewi {company} {x}, {bukan}"


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        (time(3, 59), "evening"),
        (time(4), "morning"),
        (time(10, 59), "morning"),
        (time(11), "midday"),
        (time(15), "afternoon"),
        (time(18), "evening"),
        (time(0), "evening"),
    ],
)
def test_the_part_of_the_day(clock: time, part: str) -> None:
    assert daytime(clock) == part


def test_the_greeting_goes_by_the_customers_clock(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    written(crm, "Selamat {daytime}")
    told = {}
    for city in ("Bandung", "Makassar", "Jayapura"):
        with crm.work("siti") as work:
            change_customer(work, shop.dewi, city=city)
        told[city] = said(crm, shop)
    assert told == {"Bandung": "Selamat pagi", "Makassar": "Selamat pagi", "Jayapura": "Selamat siang"}


def test_several_kinds_in_one_answer(crm: Crm, shop: Shop) -> None:
    facts = TextFacts("Dewi", None, datetime(2026, 11, 24, 9, tzinfo=ZoneInfo("Asia/Jakarta")), 1, "Slim Suit", None)
    with crm.work("siti") as work:
        texts = texts_for(work, list(TemplateKind), facts, reason=AgendaKind.BIRTHDAY)
    assert set(texts) == set(TemplateKind)
    assert all(text and "Dewi" in text and "ulang tahun" in text for text in texts.values())


words = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs", "Cc"]), max_size=10)


@given(
    st.lists(st.tuples(words, st.sampled_from(PLACEHOLDERS))),
    words,
    st.dictionaries(st.sampled_from(PLACEHOLDERS), words),
)
def test_a_text_is_filled_in_wholly_or_not_at_all(
    parts: list[tuple[str, str]], end: str, facts: dict[str, str]
) -> None:
    text = "".join(f"{before}{{{name}}}" for before, name in parts) + end
    check_placeholders(text)
    told = fill(text, facts)
    if all(name in facts for _, name in parts):
        assert told == "".join(before + facts[name] for before, name in parts) + end
    else:
        assert told is None


reasons = st.sampled_from([None, AgendaKind.SLIP, AgendaKind.BIRTHDAY])
products = st.sampled_from([None, 1, 2])


@given(st.lists(st.tuples(reasons, products)), reasons, products)
def test_nothing_is_said_that_is_for_another_reason_or_product(
    slots: list[tuple[AgendaKind | None, int | None]], reason: AgendaKind | None, product: int | None
) -> None:
    texts = [(why, about, f"{place}") for place, (why, about) in enumerate(slots)]
    told = most_particular(texts, {}, reason=reason, product_id=product)
    fitting = [(why, about) for why, about in slots if why in {None, reason} and about in {None, product}]
    assert (told is None) == (not fitting)
    if told is not None:
        why, about = slots[int(told)]
        assert (why, about) in fitting
        assert (why is not None, about is not None) == max((w is not None, a is not None) for w, a in fitting)


def test_a_day_is_told_as_it_is_said(crm: Crm, shop: Shop) -> None:
    written(crm, "{bought_on}")
    with crm.work("siti") as work:
        facts = TextFacts("D", None, work.now, 1, "S", date(2026, 11, 23))
        assert texts_for(work, [SCRIPT], facts, reason=None)[SCRIPT] == "kemarin"


def test_the_texts_of_one_use_are_kept_together_and_only_what_differs_from_the_shipped(crm: Crm, shop: Shop) -> None:
    indonesian, english = Language.INDONESIAN, Language.ENGLISH
    with crm.work("agus") as work:
        before = next(each for each in list_text_sets(work) if (each.kind, each.reason) == (SCRIPT, AgendaKind.SLIP))
        assert (before.own, before.shipped, set(before.texts)) == (False, True, set(Language))
        texts = {indonesian: "Apa kabar {name}?", english: before.texts[english].text}
        write_texts(work, SCRIPT, texts, reason="slip", seen=before.stamp)
    with crm.work("agus") as work:
        after = next(each for each in list_text_sets(work) if (each.kind, each.reason) == (SCRIPT, AgendaKind.SLIP))
        assert after.own
        assert after.texts[english].shipped
        assert after.texts[indonesian].changed_by == "Agus Wijaya"
        # Whoever opened it before does not write over it, nor does somebody who thinks it is new.
        with pytest.raises(ChangedMeanwhile):
            write_texts(work, SCRIPT, texts, reason="slip", seen=before.stamp)
        with pytest.raises(InvalidValue, match="text_taken"):
            write_texts(work, SCRIPT, texts, reason="slip")
        with pytest.raises(InvalidValue, match="empty"):
            write_texts(work, SCRIPT, {}, reason="task")
        # Emptied it is the shipped one again, as it is when taken away.
        write_texts(work, SCRIPT, {english: "Hello {name}"}, reason="slip", seen=after.stamp)
        assert delete_texts(work, SCRIPT, reason="slip") == {english: "Hello {name}"}
        assert delete_texts(work, SCRIPT, reason="slip") == {}
    assert said(crm, shop, reason="slip") is not None
    with crm.work("ratna") as work, pytest.raises(NotAllowed):
        write_texts(work, SCRIPT, {indonesian: "Halo"})
    with crm.work("siti") as work, pytest.raises(NotAllowed):
        delete_texts(work, SCRIPT)


def test_a_sample_is_filled_in_for_nobody_in_particular(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        assert sample_text(work, "{name} {city} {product} {me}", "id", product="Juicer").startswith(
            "Dewi Lestari Bandung Juicer Agus"
        )
        sold = work.session.scalar(select(Product.name).where(Product.active).order_by(Product.id).limit(1))
        assert sample_text(work, "{product}", "en") == sold
        with pytest.raises(InvalidValue, match="placeholders"):
            sample_text(work, "{nama}", "id")
