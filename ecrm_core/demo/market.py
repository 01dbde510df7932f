"""How customers behave: who comes, who comes back, who is lost, and what they buy.

Nothing here touches the database. What a customer is like follows from their code alone, so that a
company that was put away can be played on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from ecrm_core.demo.catalogue import WARES
from ecrm_core.demo.season import days, season
from ecrm_core.rules import months_after

SEED = "ecrm demo 1"
YEARS = 3
FROM_THE_OLD_BOOK = 0.16
"""Share of the customers that were entered in the first week, from the paper file of before."""
WARMTH_DAYS = 60
WARMTH = 1.7
"""Whoever was reached buys this much more for some weeks: looking after customers pays."""

WARE_NUMBERS = range(len(WARES))
APPEAL = [ware.appeal for ware in WARES]


def chance_of(*what: object) -> Random:
    """A generator of its own for each thing, so that one more of something shifts nothing else."""
    return Random(" ".join((SEED, *map(str, what))))  # noqa: S311 - believable, not secret


@dataclass
class Shopper:
    """A customer as the market sees them."""

    id: int
    owner: str
    code: str
    joined_on: date
    weekly: float = 0.0
    """Orders a week while they are with us."""
    gone_on: date = date.max
    favourite: str = ""
    bought: list[int] = field(default_factory=list)
    """Numbers of the wares they have, oldest first."""
    reached_on: date | None = None

    def __post_init__(self) -> None:
        chance = chance_of("temper", self.code)
        kind = chance.random()
        if kind < 0.42:  # one order, or one more by accident
            self.weekly, weeks = 0.002, 30.0
        elif kind < 0.83:
            self.weekly, weeks = 0.023 + chance.expovariate(1 / 0.026), chance.expovariate(1 / 70)
        else:
            self.weekly, weeks = 0.07 + chance.expovariate(1 / 0.076), 15 + chance.expovariate(1 / 110)
        self.gone_on = self.joined_on + timedelta(weeks=weeks)
        self.favourite = chance.choices(WARES, APPEAL)[0].category

    def comes_back(self, first: date, last: date, mood: float, chance: Random) -> bool:
        """Whether they order between two days, `mood` being the season."""
        if not self.joined_on < first < self.gone_on:
            return False
        wish = self.weekly * mood * ((last - first).days + 1) / 7
        if self.reached_on is not None and (first - self.reached_on).days <= WARMTH_DAYS:
            wish *= WARMTH
        return chance.random() < wish

    def choose(self, chance: Random) -> list[int]:
        """The wares of an order, most often one."""
        wanted: list[int] = []
        for _ in range(chance.choices((1, 2, 3), (66, 26, 8))[0]):
            used_up = [number for number in self.bought if WARES[number].consumable]
            if used_up and chance.random() < 0.5:
                number = chance.choice(used_up)
            else:
                # What they own already is bought again only where it is used up.
                liking = [
                    ware.appeal * (3 if ware.category == self.favourite else 1) * (number not in self.bought)
                    for number, ware in enumerate(WARES)
                ]
                number = chance.choices(WARE_NUMBERS, liking if any(liking) else APPEAL)[0]
            if number not in wanted:
                wanted.append(number)
        return wanted


class Growth:
    """How many customers have come by a day: with the seasons, `size` of them in the first years."""

    def __init__(self, size: int, founded: date) -> None:
        self.founded = founded
        self.old = round(size * FROM_THE_OLD_BOOK)
        self._days = days(founded, months_after(founded, YEARS * 12) - timedelta(days=1))
        self._weights = list(accumulate(season(day) for day in self._days))
        self._each = (size - self.old) / self._weights[-1]

    def until(self, day: date) -> int:
        """Customers who have come by the end of a day, those from the old book included."""
        if day < self.founded:
            return 0
        while self._days[-1] < day:
            self._days.append(self._days[-1] + timedelta(days=1))
            self._weights.append(self._weights[-1] + season(self._days[-1]))
        return self.old + round(self._each * self._weights[bisect_right(self._days, day) - 1])


def quality(ware: int) -> float:
    """What customers think of a product, as a mean rating."""
    return 3.2 + 1.5 * chance_of("quality", WARES[ware].name).random()


def pick(chance: Random, shares: Sequence[tuple[str, int]]) -> str:
    """One of some things, by their shares."""
    return chance.choices([name for name, _ in shares], [share for _, share in shares])[0]
