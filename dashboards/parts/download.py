"""Files that the browser keeps: fetched from our own server, so that what goes wrong can be said."""

from __future__ import annotations

from dashboards.parts.part import Part


class Download(Part):
    """`start(url)` fetches a file; reports `{do: "downloaded", url}` or `{do: "failed", url, status}`."""

    def start(self, url: str) -> None:
        """Fetch a file and hand it to the user, under the name the server gives it."""
        self._send_msg({"do": "start", "url": url})
