"""Calendars behind secret links: `calendar/<secret>.ics`, for programs that cannot log in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tornado.ioloop import IOLoop
from tornado.web import HTTPError

from dashboards.login import PlainAnswers, door_of
from ecrm_core.errors import DatabaseProblem, NotVisible
from ecrm_core.services.calendars import calendar_file

KEEP_SECONDS = 300
PATTERN = r"/calendar/([A-Za-z0-9_-]{1,128})\.ics"

# However often calendars are asked for, two threads at most are busy with them: people at work do not wait.
_readers = ThreadPoolExecutor(2, thread_name_prefix="ecrm-calendar")


class CalendarFile(PlainAnswers):
    """The calendar of whoever holds the secret; for anything else there is nothing here."""

    async def get(self, secret: str) -> None:
        try:
            body = await IOLoop.current().run_in_executor(_readers, calendar_file, door_of(self).crm, secret)
        except NotVisible:
            raise HTTPError(404) from None
        except DatabaseProblem:
            raise HTTPError(503) from None
        self.set_header("Content-Type", "text/calendar; charset=utf-8")
        self.set_header("Content-Disposition", 'inline; filename="e-crm.ics"')
        self.set_header("Cache-Control", f"private, max-age={KEEP_SECONDS}")
        self.set_header("X-Robots-Tag", "noindex")
        # Tornado adds the ETag, and answers 304 to whoever has this very calendar.
        self.write(body)

    async def head(self, secret: str) -> None:
        await self.get(secret)

    def write_error(self, status_code: int, **named: object) -> None:
        self.set_header("Cache-Control", "no-store")
        super().write_error(status_code, **named)

    def check_xsrf_cookie(self) -> None:
        """Nothing is written here, so nothing can be forged; the refusal would only log the address."""

    def _log(self) -> None:
        """Not at all: the address is the secret."""
