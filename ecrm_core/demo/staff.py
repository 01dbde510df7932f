"""Who works at the demo company."""

from __future__ import annotations

from dataclasses import dataclass

from ecrm_core.models import Role


@dataclass(frozen=True)
class Colleague:
    """An employee; `diligence` is how eagerly follow-ups are called, 1 being the usual."""

    username: str
    name: str
    role: Role
    diligence: float = 1.0


TELEMARKETERS = (
    Colleague("siti", "Siti Rahayu", Role.TELEMARKETER, 1.15),
    Colleague("budi", "Budi Santoso", Role.TELEMARKETER, 0.8),
    Colleague("wayan", "Ni Wayan Sukerti", Role.TELEMARKETER, 1.3),
    Colleague("rina", "Rina Marlina", Role.TELEMARKETER, 1.0),
    Colleague("joko", "Joko Prasetyo", Role.TELEMARKETER, 0.6),
    Colleague("maya", "Maya Siregar", Role.TELEMARKETER, 1.2),
    Colleague("andi", "Andi Tenriola", Role.TELEMARKETER, 0.9),
    Colleague("lilis", "Lilis Komalasari", Role.TELEMARKETER, 1.1),
    Colleague("hendra", "Hendra Gunawan", Role.TELEMARKETER, 0.7),
    Colleague("fitri", "Fitri Handayani", Role.TELEMARKETER, 1.25),
    Colleague("yohana", "Yohana Manuputty", Role.TELEMARKETER, 1.0),
    Colleague("dimas", "Dimas Nugroho", Role.TELEMARKETER, 0.85),
)
MANAGERS = (
    Colleague("ratna", "Ratna Dewi", Role.MANAGER),
    Colleague("bambang", "Bambang Hartono", Role.MANAGER),
)
ADMIN = Colleague("agus", "Agus Wijaya", Role.ADMIN)
EVERYBODY = (*TELEMARKETERS, *MANAGERS, ADMIN)
