"""What customers say and telemarketers write down."""

from __future__ import annotations

RESPONSES: dict[int, tuple[str, ...]] = {
    1: (
        "Barang rusak waktu dibuka, minta diganti.",
        "Tidak sesuai dengan yang di TV, kecewa.",
        "Baru dipakai dua kali sudah tidak berfungsi.",
    ),
    2: (
        "Kurang cocok, hasilnya belum terasa.",
        "Pengiriman lama dan kemasannya penyok.",
        "Ukurannya kekecilan, tidak nyaman dipakai.",
    ),
    3: (
        "Lumayan, tetapi petunjuk pemakaiannya kurang jelas.",
        "Biasa saja, sesuai harganya.",
        "Belum sering dipakai, nanti dikabari lagi.",
    ),
    4: (
        "Bagus, dipakai setiap hari.",
        "Cukup puas, pengirimannya cepat.",
        "Hasilnya mulai terasa setelah dua minggu.",
        "Suami juga suka, mungkin pesan satu lagi untuk orang tua.",
    ),
    5: (
        "Puas sekali, tetangga sampai ikut bertanya.",
        "Sangat membantu, nyeri lututnya jauh berkurang.",
        "Barang persis seperti di TV, terima kasih.",
        "Mau pesan lagi untuk oleh-oleh Lebaran.",
        "Cepat sampai dan mudah dipakai.",
    ),
}
SOLUTIONS = (
    "Barang diganti baru, ongkos kirim ditanggung perusahaan.",
    "Sudah dijelaskan cara pakainya lewat telepon; pelanggan puas.",
    "Uang dikembalikan lewat transfer.",
    "Dikirim suku cadang pengganti.",
)
CALL_NOTES = (
    "Sedang di pasar, minta ditelepon lagi.",
    "Masih mengajar, minta ditelepon sore.",
    "Mau tanya suami dulu.",
    "Menunggu gajian, minta dihubungi lagi.",
    "Sinyal putus-putus, minta diulang.",
)
NOTES = (
    "Lebih suka dihubungi lewat WhatsApp.",
    "Punya warung kelontong, sering beli untuk dijual lagi.",
    "Anaknya menikah bulan depan.",
    "Sebaiknya ditelepon setelah magrib.",
    "Ibunya sering nyeri sendi; tertarik produk kesehatan.",
    "Pernah kecewa dengan kurir, minta dikirim lewat kurir lain.",
    "Suka menonton tayangan pagi.",
    "Minta katalog baru disertakan dalam paket.",
)
CANCELLATIONS = (
    "Berubah pikiran.",
    "Transfer tidak kunjung masuk.",
    "Salah pesan barang.",
    "Alamat tidak ditemukan.",
)
RETURNS = (
    "Ditolak waktu barang datang.",
    "Penerima tidak di rumah tiga kali.",
    "Barang cacat.",
    "Ukuran tidak sesuai.",
)
TASKS = (
    "Rapikan catatan pelanggan Lebaran",
    "Kirim katalog lewat WhatsApp",
    "Cek pesanan yang belum dibayar",
    "Siapkan daftar pelanggan untuk promosi akhir pekan",
    "Tanyakan stok ke gudang",
    "Isi laporan mingguan",
)
TASK_TIMES = ((9, 30), (11, 0), (14, 0), (15, 30), None, None)
# Days from today, hour, how many hours, title, place, description, for whom (none: for all).
EVENTS: tuple[tuple[int, int, int, str, str, str | None, tuple[str, ...] | None], ...] = (
    (1, 8, 1, "Rapat pagi tim telemarketing", "Ruang rapat lantai 2", "Target minggu ini dan produk baru.", None),
    (
        3,
        10,
        3,
        "Peluncuran LangsinFit Slim Suit generasi baru",
        "Aula lantai 1",
        "Hadir 15 menit lebih awal. Contoh barang dapat dicoba di tempat.",
        None,
    ),
    (8, 13, 2, "Latihan menangani keluhan", "Ruang latihan", None, ("siti", "budi", "joko", "hendra")),
    (16, 9, 6, "Bazar pelanggan", "Halaman kantor pusat", "Pelanggan lama mendapat potongan khusus.", None),
)
# First and last day, counted from today; title, text.
ANNOUNCEMENTS: tuple[tuple[int, int, str, str], ...] = (
    (
        -1,
        6,
        "Harga baru mulai bulan depan",
        "Daftar harga baru berlaku mulai tanggal 1. Pesanan sampai akhir bulan ini masih memakai harga lama.",
    ),
    (
        -1,
        9,
        "Tayangan tambahan di Kanal Keluarga",
        "Mulai minggu ini Spin Mop dan Air Fryer tampil juga pukul 18.45. Siapkan diri untuk panggilan sore.",
    ),
    (
        -5,
        20,
        "Jangan menelepon di luar jam 08.00–20.00 waktu setempat",
        "Perhatikan zona waktu pelanggan: WITA lebih cepat satu jam, WIT dua jam.",
    ),
)
