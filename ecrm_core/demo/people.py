"""People as one meets them between Aceh and Jayapura: names that fit the island, places, phones, birthdays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import NamedTuple

WOMEN = 0.64
"""It is mostly women who watch in the morning and call."""
YEAR_UNKNOWN = 0.2
BIRTHDAY_KNOWN = 0.85
EMAIL_KNOWN = 0.45
SECOND_PHONE = 0.12
# Prefixes that no Indonesian operator uses: a demo must ring nobody's telephone.
MOBILE_PREFIXES = ("820", "824", "825", "826", "827", "834", "835", "836", "840", "843", "844", "846")


class Names(NamedTuple):
    """First names of men and women, and family or second names, of one part of the country."""

    men: list[str]
    women: list[str]
    families: list[str]


def _names(men: str, women: str, families: str) -> Names:
    return Names(men.split(), women.split(), families.split())


JAVA = _names(
    men=(
        "Agus Bambang Budi Dwi Eko Hadi Heru Joko Slamet Sugeng Suharto Sutrisno Teguh Tri Wahyu Yanto Bagus "
        "Dimas Galih Rizky"
    ),
    women=(
        "Dewi Endang Indah Kartini Lestari Murni Ningsih Puji Retno Rini Sri Sulastri Suparti Titik Tutik "
        "Wahyuni Wiwik Yuli Ayu Rahayu"
    ),
    families=(
        "Santoso Prasetyo Susanto Wibowo Setiawan Hidayat Nugroho Utomo Saputra Kurniawan Widodo Lestari "
        "Handayani Puspitasari Rahmawati Wulandari Purwanto Suryani Anggraini Hartono"
    ),
)
SUNDA = _names(
    men="Asep Cecep Dadang Dede Deden Endang Iwan Jajang Maman Nandang Rohman Tatang Ujang Wawan Yayan Yudi",
    women="Ai Cucu Dede Elis Enok Euis Iis Imas Lilis Neneng Nenden Nyai Popon Rika Siti Tati Teti Titin Yayah",
    families=(
        "Hidayat Kusnadi Kurnia Mulyana Permana Rohaeti Rukmana Setiadi Sobari Sutisna Suryana Wiguna "
        "Komalasari Nurhayati Maryati"
    ),
)
MALAY = _names(
    men=("Ahmad Fauzi Hasan Ibrahim Iskandar Ismail Muhammad Nasrul Rahmat Rizal Syahrul Zainal Zulkifli Hendra Yusuf"),
    women=(
        "Aisyah Asmah Fatimah Fitri Halimah Khadijah Laila Mardiana Nurul Rahma Rosmawati Salmah Siti Yusnita Zubaidah"
    ),
    families=(
        "Alamsyah Chaniago Daulay Effendi Harahap Ilyas Koto Lubis Nasution Piliang Rangkuti Sikumbang Syarif "
        "Tanjung Zein"
    ),
)
BATAK = _names(
    men="Binsar Edison Ganda Hotman Jonathan Luhut Maruli Parlindungan Poltak Sahat Tigor Togar",
    women="Bunga Dameria Elfrida Hotmaida Lasmaria Lintong Rotua Sondang Tiurma Tiodora Uli",
    families=(
        "Gultom Hutabarat Hutapea Manurung Marpaung Nainggolan Panjaitan Pasaribu Siahaan Simanjuntak Sinaga "
        "Siregar Sitompul Tampubolon"
    ),
)
BALI = _names(
    men="Gede Kadek Ketut Komang Made Nengah Nyoman Putu Wayan",
    women="Ayu Gede Kadek Ketut Komang Luh Made Nyoman Putu Wayan",
    families=(
        "Adnyana Ardana Arta Budiasa Darmawan Mahendra Parwata Sudana Suardika Sukerti Suryani Widiasih Wirawan Yasa"
    ),
)
BORNEO = _names(
    men="Abdul Aloysius Anton Bujang Fransiskus Hairul Jampang Lihin Rusdi Syamsudin Thomas Yohanes",
    women="Agustina Herlina Lidya Mariana Norhayati Rusmini Theresia Veronika Yuliana Yunita",
    families="Aspihani Djanting Gerung Hamdani Ismail Kusnadi Lambung Mulyadi Noor Ngau Ramlan Saberan Tuah Usop",
)
SULAWESI = _names(
    men="Andi Arifuddin Baso Burhanuddin Daeng Hendrik Jufri Mansyur Ronny Syamsuddin Tenri Welly",
    women="Andi Besse Deisy Hasnah Indo Meiske Nurlaela Rosdiana Sitti Stevany Tenriola Wahida Youla",
    families=(
        "Baharuddin Kandou Lasut Mappaseng Mokodompit Palinggi Pangemanan Rantetana Rumengan Sampara Tandi Waworuntu"
    ),
)
EAST = _names(
    men="Alex Benyamin Daniel Frans Gerson Hengky Ishak Jance Kornelis Lukas Markus Obed Petrus Simon Yance",
    women=("Adolfina Debora Fransina Ester Hermina Julia Katarina Magdalena Maria Naomi Ribka Selvi Yakoba Yuliana"),
    families=(
        "Asso Bei Hursepuny Kambu Kogoya Latuconsina Leiwakabessy Manuputty Ndun Pattiasina Rumbiak Sahetapy "
        "Tabuni Tahitu Wanggai Yoku"
    ),
)
TIONGHOA = _names(
    men="Andri Budiman Hendra Jimmy Kevin Rudi Stefanus Tony William Yohan",
    women="Fenny Grace Irene Lanny Linda Meilani Shinta Vivian Yenny Yuliani",
    families="Gunawan Halim Hartono Kusuma Lim Salim Sutanto Tanoto Tjandra Wijaya",
)

# City, province, first digits of its postcodes, how many of a hundred live there, names.
PLACES = (
    ("Jakarta Timur", "DKI Jakarta", "13", 8, JAVA),
    ("Jakarta Barat", "DKI Jakarta", "11", 6, TIONGHOA),
    ("Jakarta Selatan", "DKI Jakarta", "12", 5, SUNDA),
    ("Bekasi", "Jawa Barat", "17", 6, JAVA),
    ("Depok", "Jawa Barat", "16", 4, SUNDA),
    ("Bogor", "Jawa Barat", "16", 4, SUNDA),
    ("Bandung", "Jawa Barat", "40", 5, SUNDA),
    ("Tasikmalaya", "Jawa Barat", "46", 2, SUNDA),
    ("Cirebon", "Jawa Barat", "45", 2, SUNDA),
    ("Tangerang", "Banten", "15", 5, SUNDA),
    ("Serang", "Banten", "42", 2, SUNDA),
    ("Semarang", "Jawa Tengah", "50", 4, JAVA),
    ("Surakarta", "Jawa Tengah", "57", 3, JAVA),
    ("Purwokerto", "Jawa Tengah", "53", 2, JAVA),
    ("Yogyakarta", "DI Yogyakarta", "55", 3, JAVA),
    ("Surabaya", "Jawa Timur", "60", 6, JAVA),
    ("Malang", "Jawa Timur", "65", 3, JAVA),
    ("Jember", "Jawa Timur", "68", 2, JAVA),
    ("Kediri", "Jawa Timur", "64", 2, JAVA),
    ("Medan", "Sumatera Utara", "20", 4, BATAK),
    ("Pematangsiantar", "Sumatera Utara", "21", 1, BATAK),
    ("Banda Aceh", "Aceh", "23", 1, MALAY),
    ("Padang", "Sumatera Barat", "25", 2, MALAY),
    ("Pekanbaru", "Riau", "28", 2, MALAY),
    ("Batam", "Kepulauan Riau", "29", 1, MALAY),
    ("Jambi", "Jambi", "36", 1, MALAY),
    ("Palembang", "Sumatera Selatan", "30", 3, MALAY),
    ("Bandar Lampung", "Lampung", "35", 2, JAVA),
    ("Pontianak", "Kalimantan Barat", "78", 1, TIONGHOA),
    ("Palangka Raya", "Kalimantan Tengah", "73", 1, BORNEO),
    ("Banjarmasin", "Kalimantan Selatan", "70", 2, BORNEO),
    ("Samarinda", "Kalimantan Timur", "75", 1, BORNEO),
    ("Balikpapan", "Kalimantan Timur", "76", 1, BORNEO),
    ("Denpasar", "Bali", "80", 2, BALI),
    ("Singaraja", "Bali", "81", 1, BALI),
    ("Mataram", "Nusa Tenggara Barat", "83", 1, MALAY),
    ("Kupang", "Nusa Tenggara Timur", "85", 1, EAST),
    ("Makassar", "Sulawesi Selatan", "90", 3, SULAWESI),
    ("Manado", "Sulawesi Utara", "95", 1, SULAWESI),
    ("Palu", "Sulawesi Tengah", "94", 1, SULAWESI),
    ("Kendari", "Sulawesi Tenggara", "93", 1, SULAWESI),
    ("Ambon", "Maluku", "97", 1, EAST),
    ("Ternate", "Maluku Utara", "97", 1, EAST),
    ("Sorong", "Papua Barat Daya", "98", 1, EAST),
    ("Jayapura", "Papua", "99", 1, EAST),
)
SHARES = [place[3] for place in PLACES]
STREETS = [
    *("Melati", "Mawar", "Anggrek", "Kenanga", "Cempaka", "Flamboyan", "Teratai", "Dahlia", "Merdeka", "Pahlawan"),
    *("Jend. Sudirman", "Diponegoro", "R.A. Kartini", "Veteran", "Gajah Mada", "Pemuda", "Rajawali", "Garuda"),
]
MAILBOXES = ("example.com", "example.net", "example.org")


@dataclass(frozen=True)
class Person:
    """Somebody who may become a customer."""

    name: str
    phones: list[str]
    email: str | None
    address: str
    city: str
    province: str
    postcode: str
    birth_date: tuple[int | None, int, int] | None


def make_person(chance: Random) -> Person:
    """Somebody new."""
    city, province, postcode, _, names = chance.choices(PLACES, SHARES)[0]
    name = chance.choice(names.women if chance.random() < WOMEN else names.men)
    if names is BALI:
        name = f"{'Ni' if name in names.women and name not in names.men else 'I'} {name}"
    if chance.random() < 0.9:
        name = f"{name} {chance.choice(names.families)}"
    street = f"Jl. {chance.choice(STREETS)} No. {chance.randint(1, 180)}"
    if chance.random() < 0.6:
        street += f", RT {chance.randint(1, 12):02d}/RW {chance.randint(1, 15):02d}"
    return Person(
        name=name,
        phones=[_phone(chance) for _ in range(2 if chance.random() < SECOND_PHONE else 1)],
        email=_email(name, chance) if chance.random() < EMAIL_KNOWN else None,
        address=street,
        city=city,
        province=province,
        postcode=postcode + f"{chance.randint(0, 999):03d}",
        birth_date=_birth_date(chance) if chance.random() < BIRTHDAY_KNOWN else None,
    )


def _phone(chance: Random) -> str:
    """As people write it: with zero, with the country's code, with dashes or not."""
    number = chance.choice(MOBILE_PREFIXES) + f"{chance.randint(0, 99_999_999):08d}"
    spelling = chance.random()
    if spelling < 0.6:
        return f"0{number}"
    if spelling < 0.8:
        return f"0{number[:3]}-{number[3:7]}-{number[7:]}"
    return f"+62 {number[:3]} {number[3:7]} {number[7:]}"


def _email(name: str, chance: Random) -> str:
    letters = "".join(sign if sign.isalnum() else "." for sign in name.lower()).strip(".").replace("..", ".")
    return f"{letters}{chance.randint(1, 99)}@{chance.choice(MAILBOXES)}"


def _birth_date(chance: Random) -> tuple[int | None, int, int]:
    year = round(min(max(chance.gauss(1976, 12), 1942), 2006))
    born = date.fromordinal(date(year, 1, 1).toordinal() + chance.randrange(365))
    return (None if chance.random() < YEAR_UNKNOWN else year), born.month, born.day
