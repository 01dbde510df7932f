"""Why to call somebody, as a sentence a telemarketer can say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ecrm_core.models import AgendaKind
from ecrm_core.texts import Texts


def reason_sentence(say: Texts, reason: Mapping[str, Any], *, today: date) -> str:
    """One reason of an agenda item, from the facts that were kept with it."""
    days = {name: date.fromisoformat(reason[name]) for name in DAYS if reason.get(name)}
    match AgendaKind(reason["kind"]):
        case AgendaKind.FOLLOW_UP:
            bought = say.day(days["bought_on"], year=days["bought_on"].year != today.year)
            return say("reason.follow_up", product=reason["product"], day=bought)
        case AgendaKind.BIRTHDAY:
            on = days["on"]
            told = say("reason.birthday_today") if on == today else say("reason.birthday_missed", day=say.weekday(on))
            return f"{told}{say('reason.turns', count=reason['turns'])}" if reason.get("turns") else told
        case AgendaKind.SLIP:
            return say("reason.slip", day=say.near(days["last_on"], today), when=say.near(days["slips_on"], today))
        case AgendaKind.WIN_BACK:
            return say("reason.win_back", count=reason["orders"], day=say.near(days["last_on"], today))
        case AgendaKind.PROSPECT:
            return say("reason.prospect", day=say.near(days["since"], today))
        case kind:
            unanswered = kind is AgendaKind.CALL_BACK and reason.get("tries")
            key = f"reason.again.{reason['outcome']}" if unanswered else f"agenda_kind.{kind}"
            return say(key, count=reason.get("tries"))


DAYS = ("bought_on", "due_on", "on", "last_on", "slips_on", "since")
