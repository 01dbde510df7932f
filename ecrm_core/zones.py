"""Where it is how late: a customer's own time zone, for the hours in which they may be called."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

WEST, CENTRAL, EAST = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"

# Law of 1987 (Keppres 41/1987) by province, with those made since; whatever is not here is WIB.
_CENTRAL_PROVINCES = (
    "bali",
    "nusa tenggara barat",
    "nusa tenggara timur",
    "ntb",
    "ntt",
    "kalimantan selatan",
    "kalimantan timur",
    "kalimantan utara",
    "sulawesi utara",
    "sulawesi tengah",
    "sulawesi selatan",
    "sulawesi tenggara",
    "sulawesi barat",
    "gorontalo",
)
_EAST_PROVINCES = ("maluku", "maluku utara", "papua", "irian jaya")
_CENTRAL_CITIES = (
    "denpasar",
    "badung",
    "gianyar",
    "tabanan",
    "singaraja",
    "mataram",
    "bima",
    "kupang",
    "ende",
    "maumere",
    "banjarmasin",
    "banjarbaru",
    "martapura",
    "balikpapan",
    "samarinda",
    "bontang",
    "tenggarong",
    "tarakan",
    "nunukan",
    "manado",
    "bitung",
    "tomohon",
    "kotamobagu",
    "palu",
    "luwuk",
    "makassar",
    "ujung pandang",
    "gowa",
    "maros",
    "parepare",
    "palopo",
    "watampone",
    "kendari",
    "baubau",
    "mamuju",
    "gorontalo",
)
_EAST_CITIES = (
    "ambon",
    "tual",
    "ternate",
    "tidore",
    "jayapura",
    "sentani",
    "sorong",
    "manokwari",
    "merauke",
    "timika",
    "biak",
    "nabire",
    "wamena",
    "fakfak",
)
_PREFIXES = ("kota ", "kabupaten ", "kab. ", "kab ", "provinsi ", "prov. ")


@lru_cache(maxsize=4096)
def zone_name(own: str | None, province: str | None, city: str | None, company: str) -> str:
    """A customer's zone: their own, else of their province or city, else the company's.

    Args:
        own: IANA name kept with the customer.
        company: IANA name of the company's zone, for whoever lives nobody knows where.
    """
    if own:
        return own
    for place, central, east in (
        (province, _CENTRAL_PROVINCES, _EAST_PROVINCES),
        (city, _CENTRAL_CITIES, _EAST_CITIES),
    ):
        known = _plain(place)
        if not known:
            continue
        if known in east or (place is province and known.startswith("papua")):
            return EAST
        if known in central:
            return CENTRAL
        if place is province:
            return WEST
    return company


def calling_window(zone: str, day: date, start: time, end: time) -> tuple[datetime, datetime]:
    """The instants between which somebody in a zone may be called on a day; the end is exclusive."""
    where = ZoneInfo(zone)
    return datetime.combine(day, start, where), datetime.combine(day, end, where)


def _plain(place: str | None) -> str:
    text = " ".join((place or "").casefold().split())
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return text
