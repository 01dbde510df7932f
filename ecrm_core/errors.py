"""Refusals: what was refused, with the facts a person needs to put it right.

The core speaks codes and facts; the catalogues in `texts/` own the words, in both languages.
"""

from __future__ import annotations

from typing import Any, ClassVar


class EcrmError(Exception):
    """A refusal. `code` finds its sentence in the catalogues, `facts` fill it in."""

    code: ClassVar[str] = "error.refused"

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.code, facts)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}({told})"


class NotVisible(EcrmError):
    """Missing, or a colleague's: one answer for both, so that nothing can be probed."""

    code = "error.not_visible"


class CustomerNotVisible(NotVisible):
    """The customer does not exist, or somebody else looks after them."""

    code = "error.customer_not_visible"


class ForeignWrite(EcrmError):
    """A write that the acting employee has no right to."""

    code = "error.foreign_write"


class UnlimitedRead(EcrmError):
    """A statement that visibility cannot be added to: raw SQL, Core tables, bulk DML."""

    code = "error.unlimited_read"


class UnknownEmployee(EcrmError):
    """No active employee has this user name."""

    code = "error.unknown_employee"


class NotAllowed(EcrmError):
    """The employee's role does not include this."""

    code = "error.not_allowed"


class InvalidValue(EcrmError):
    """A value that cannot be kept; facts: `field`, `value`, `reason` (a code under `reason.`)."""

    code = "error.invalid_value"

    def __init__(self, field: str, value: Any, reason: str, **facts: Any) -> None:
        super().__init__(field=field, value=value, reason=reason, **facts)
        self.field = field
        self.reason = reason


class AlreadyExists(EcrmError):
    """Something with this name is there already; `what` is the field that is to be another."""

    code = "error.already_exists"

    def __init__(self, what: str, **facts: Any) -> None:
        super().__init__(what=what, **facts)
        self.field = what


class ChangedMeanwhile(EcrmError):
    """Somebody else has changed what is being written since it was read; nothing was written."""

    code = "error.changed_meanwhile"


class DoNotCallRefused(EcrmError):
    """An attempt to contact somebody who asked not to be contacted."""

    code = "error.do_not_call"


class DatabaseProblem(EcrmError):
    """The database cannot be used as it is; facts: `reason`, and `detail` from the driver."""

    code = "error.database"

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason=reason, **facts)
        self.reason = reason


class ImportRefused(EcrmError):
    """A file or mapping that cannot be imported at all; nothing was changed."""

    code = "error.import"

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason=reason, **facts)
        self.reason = reason
