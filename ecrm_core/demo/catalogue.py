"""What the demo company sells, and where on television it shows it. All brands are made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ware:
    """A product: thousands of rupiah, how well it sells, and pieces in stock (none: not counted)."""

    category: str
    name: str
    thousands: int
    appeal: int
    consumable: bool = False
    stock: int | None = None
    follow_up_months: int | None = None


@dataclass(frozen=True)
class Spot:
    """A television spot, or another way customers hear of the company."""

    name: str
    station: str | None
    airs_at: str | None
    share: int


WARES = (
    Ware("Pelangsing & korset", "LangsinFit Slim Suit", 399, 9, stock=240),
    Ware("Pelangsing & korset", "LangsinFit Korset Pinggang", 249, 6, stock=180),
    Ware("Pelangsing & korset", "SauniBelt Sabuk Panas", 329, 5, stock=120),
    Ware("Pelangsing & korset", "PerutRata Gen-2", 459, 4, stock=90),
    Ware("Pelangsing & korset", "CelanaSingset Pro", 279, 5, stock=160),
    Ware("Pelangsing & korset", "TehJati Pelangsing 30 kantong", 139, 6, consumable=True),
    Ware("Dapur", "WajanMarmer Granit 28 cm", 349, 9, stock=260),
    Ware("Dapur", "WajanMarmer Set 5 Buah", 899, 5, stock=70),
    Ware("Dapur", "PresTo Panci Presto 8 L", 749, 4, stock=60),
    Ware("Dapur", "SariBuah Slow Juicer", 1299, 5, stock=55),
    Ware("Dapur", "KilatBlend Blender Botol", 299, 7, stock=200),
    Ware("Dapur", "IrisCepat Pemotong Sayur", 179, 8, stock=300),
    Ware("Dapur", "GorengTanpa Minyak Air Fryer 4 L", 999, 6, stock=80),
    Ware("Dapur", "PisauSakti Set Pisau 7 Buah", 259, 6, stock=150),
    Ware("Dapur", "RotiKu Pembuat Roti", 1499, 2, stock=25),
    Ware("Dapur", "SegelVakum Penyegel Makanan", 399, 3, stock=75),
    Ware("Dapur", "KotakSegar Wadah Vakum isi 10", 229, 5, stock=190),
    Ware("Kesehatan & pijat", "PijatNyaman Bantal Pijat", 459, 7, stock=140),
    Ware("Kesehatan & pijat", "PijatKaki Reflexa", 1199, 4, stock=40),
    Ware("Kesehatan & pijat", "PijatMata Teduh", 389, 3, stock=85),
    Ware("Kesehatan & pijat", "NyeriLepas Koyo isi 40", 119, 9, consumable=True),
    Ware("Kesehatan & pijat", "NyeriLepas Krim Sendi 100 g", 149, 7, consumable=True),
    Ware("Kesehatan & pijat", "TegapBack Penyangga Punggung", 229, 6, stock=170),
    Ware("Kesehatan & pijat", "LututKuat Penyangga Lutut", 189, 5, stock=170),
    Ware("Kesehatan & pijat", "TensiRumah Tensimeter Digital", 499, 3, stock=65),
    Ware("Kesehatan & pijat", "MagnetaGelang Kesehatan", 299, 3, stock=110),
    Ware("Kesehatan & pijat", "JahePlus Minuman Jahe 20 saset", 89, 6, consumable=True),
    Ware("Kesehatan & pijat", "MaduRimba Madu Hutan 650 g", 165, 6, consumable=True),
    Ware("Kesehatan & pijat", "KapsulKelor 60 kapsul", 129, 5, consumable=True),
    Ware("Kesehatan & pijat", "PropolisNusa 30 ml", 199, 5, consumable=True),
    Ware("Kecantikan & rambut", "RambutLebat Hair Tonic 200 ml", 159, 8, consumable=True, follow_up_months=2),
    Ware("Kecantikan & rambut", "RambutLebat Sampo Ginseng", 119, 6, consumable=True),
    Ware("Kecantikan & rambut", "CerahAyu Serum Wajah 30 ml", 189, 7, consumable=True),
    Ware("Kecantikan & rambut", "CerahAyu Krim Malam", 169, 5, consumable=True),
    Ware("Kecantikan & rambut", "KulitLembut Minyak Zaitun", 99, 4, consumable=True),
    Ware("Kecantikan & rambut", "SisirUap Pelurus Rambut", 359, 4, stock=95),
    Ware("Kecantikan & rambut", "BulmiTuntas Epilator", 429, 2, stock=45),
    Ware("Kecantikan & rambut", "GigiPutih Gel Pemutih", 149, 4, consumable=True),
    Ware("Kecantikan & rambut", "TutupUban Sampo Hitam", 139, 6, consumable=True),
    Ware("Rumah & kebersihan", "PelPutar Spin Mop Baja", 299, 8, stock=220),
    Ware("Rumah & kebersihan", "SedotDebu Vacuum Mini", 459, 5, stock=100),
    Ware("Rumah & kebersihan", "UapBersih Steam Cleaner", 1099, 3, stock=35),
    Ware("Rumah & kebersihan", "NodaHilang Sabun Serbaguna 1 kg", 79, 6, consumable=True),
    Ware("Rumah & kebersihan", "SetrikaUap Gantung", 599, 4, stock=70),
    Ware("Rumah & kebersihan", "RakLipat Rak Sepatu 10 Susun", 249, 5, stock=130),
    Ware("Rumah & kebersihan", "TanggaLipat Multi 3,8 m", 1349, 2, stock=20),
    Ware("Rumah & kebersihan", "LampuSurya Sensor isi 2", 279, 5, stock=160),
    Ware("Rumah & kebersihan", "SelangAjaib 15 m", 199, 5, stock=180),
    Ware("Rumah & kebersihan", "SemprotBocor Pelapis Atap", 149, 4, consumable=True),
    Ware("Kamar tidur", "TidurLelap Topper Lateks 160", 1899, 3, stock=30),
    Ware("Kamar tidur", "TidurLelap Bantal Memory isi 2", 399, 6, stock=150),
    Ware("Kamar tidur", "SejukMalam Seprai Bambu", 329, 5, stock=140),
    Ware("Kamar tidur", "HangatKu Selimut Bulu", 219, 4, stock=120),
    Ware("Kamar tidur", "KasurAngin Lipat Otomatis", 799, 2, stock=40),
    Ware("Olahraga", "PutarPerut Alat Sit-up", 499, 4, stock=75),
    Ware("Olahraga", "SepedaStatis Lipat X1", 1899, 2, stock=18),
    Ware("Olahraga", "LangkahSehat Treadmill Jalan", 3499, 1, stock=10),
    Ware("Olahraga", "TaliKuat Set Karet Latihan", 159, 4, stock=130),
    Ware("Olahraga", "DumbelAir Set", 259, 2, stock=60),
    Ware("Olahraga", "MatrasYoga Tebal", 189, 3, stock=90),
)

SPOTS = (
    Spot("Nusa TV 05.30", "Nusa TV", "05:30", 6),
    Spot("Nusa TV 09.00", "Nusa TV", "09:00", 14),
    Spot("Nusa TV 13.30", "Nusa TV", "13:30", 9),
    Spot("Cakra TV 08.15", "Cakra TV", "08:15", 12),
    Spot("Cakra TV 15.00", "Cakra TV", "15:00", 8),
    Spot("Cakra TV 23.30", "Cakra TV", "23:30", 5),
    Spot("Kanal Keluarga 10.30", "Kanal Keluarga", "10:30", 12),
    Spot("Kanal Keluarga 18.45", "Kanal Keluarga", "18:45", 9),
    Spot("Bahari TV 20.00", "Bahari TV", "20:00", 7),
    Spot("Cerita teman", None, None, 8),
    Spot("Katalog dalam paket", None, None, 6),
    Spot("Media sosial", None, None, 4),
)
"""Stations and times; the shares add up to a hundred."""
