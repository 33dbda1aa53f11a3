"""What a browser would make of the page's HTML."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"'></blockquote>@everyone {{ 7 * 7 }} &amp;"""


class Parsed(HTMLParser):
    """The elements and the text that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def find(self, tag: str, **attrs: str) -> list[dict[str, str | None]]:
        wanted = {name.replace("_", "-"): value for name, value in attrs.items()}
        return [a for t, a in self.elements if t == tag and wanted.items() <= a.items()]
