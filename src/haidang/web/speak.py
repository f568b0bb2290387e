"""How a page writes numbers and times: one language, one clock, every pattern in the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from markupsafe import Markup, escape

from haidang.pack.schema import ThreatSpec
from haidang.risk.assessment import Interval, When
from haidang.words import catalogue, word

ENGLISH: Final = frozenset(
    ["the", "of", "and", "for", "from", "by", "with", "as", "after", "is", "are"]
)
"""Words of every longer English text, and of no other language that pages are in."""
ENOUGH: Final = 2

MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Words, numbers and times of one page.

    Attributes:
        language: Language tag.
        zone: The country's clock.
        room: File of the words that keys without a dot belong to.
        own: File whose ``<room>_<key>`` goes before, for a kind of threat that says some things
            otherwise; "" for none.
    """

    language: str
    zone: tzinfo
    room: str = "report"
    own: str = ""

    def __call__(self, key: str, /, **params: object) -> str:
        """A text; a key with a dot names its room itself."""
        full = key if "." in key else f"{self.room}.{key}"
        mine = f"{self.own}.{full.replace('.', '_', 1)}"
        return word(mine if self.own and mine in catalogue() else full, self.language, **params)

    def either(self, key: str, otherwise: str) -> str:
        """A text that need not exist, such as the name of a role that a case made up."""
        full = f"{self.room}.{key}"
        return self(key) if full in catalogue() else otherwise

    def of(self, names: Mapping[str, str]) -> str:
        """The name in this language, English or any where there is none."""
        found = names.get(self.language) or names.get("en")
        return found or next(iter(names.values()), "")

    def quoted(self, text: str) -> Markup:
        """A source as it stands in a file, for a template: marked where it is in English.

        Sources are quoted in the language they were written in. A page in another language says
        so, to eyes and to screen readers.

        >>> from datetime import timezone
        >>> vi = Speaker("vi", timezone.utc)
        >>> vi.quoted("Best track of the JMA, read from the file")
        Markup('<span lang="en">Best track of the JMA, read from the file</span> (tiếng Anh)')
        >>> vi.quoted("Nghị quyết 202/2025/QH15")
        Markup('Nghị quyết 202/2025/QH15')
        """
        words = {w.strip(".,;:()").lower() for w in text.split()}
        if self.language == "en" or len(words & ENGLISH) < ENOUGH:
            return escape(text)
        marked = Markup('<span lang="en">{}</span> {}')
        return marked.format(text, self("console.in_english"))

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's separators.

        >>> from datetime import timezone
        >>> vi = Speaker("vi", timezone.utc)
        >>> vi.number(1234567), vi.number(-0.58, 2)
        ('1.234.567', '−0,58')
        """
        text = f"{abs(value):,.{digits}f}"
        signs = {",": self("format.thousands"), ".": self("law.decimal_sign")}
        sign = MINUS if value < 0 else ""
        return sign + "".join(signs.get(c, c) for c in text)

    def thousands(self, people: float) -> str:
        """People in thousands; some, but fewer than 500, are never written as none.

        >>> from datetime import timezone
        >>> en = Speaker("en", timezone.utc)
        >>> en.thousands(0), en.thousands(120), en.thousands(1_234_500)
        ('0', '<1', '1,234')
        """
        if 0 < people < 500:  # noqa: PLR2004 - half a thousand
            return "<1"
        return self.number(round(people / 1000))

    def clock(self, at: datetime) -> str:
        """Hour and minute on the country's clock."""
        local = at.astimezone(self.zone)
        return self("format.time", hour=f"{local:%H}", minute=f"{local:%M}")

    def day(self, at: datetime) -> str:
        """Day and month on the country's clock."""
        return self._day_month(at.astimezone(self.zone).date())

    def full_day(self, day: date) -> str:
        """A calendar day with its year."""
        return self("report.date_year", date=self._day_month(day), year=day.year)

    def _day_month(self, day: date) -> str:
        month = self("format.months").split(" ")[day.month - 1]
        width = int(self("format.day_digits"))
        return self("format.date", day=str(day.day).zfill(width), month=month)

    def short(self, at: datetime) -> str:
        """Day, month, hour and minute.

        >>> from datetime import datetime, timedelta, timezone
        >>> at = datetime(2024, 9, 6, 0, 0, tzinfo=timezone.utc)
        >>> Speaker("vi", timezone(timedelta(hours=7))).short(at)
        '06/09 07:00'
        """
        return self("report.moment_short", day=self.day(at), time=self.clock(at))

    def span(self, first: datetime, last: datetime) -> str:
        """Two instants; the day of the second only where it is another one."""
        same = first.astimezone(self.zone).date() == last.astimezone(self.zone).date()
        return f"{self.short(first)}–{self.clock(last) if same else self.short(last)}"

    def between(self, when: When, otherwise: str) -> str:
        """Early to late.

        Args:
            when: Early, central and late.
            otherwise: Key of the words for no late time, with ``{early}``: what that means differs
                between a beginning (never) and an end (later than was looked at).
        """
        if when.early is None:
            return ""
        if when.late is None:
            return self(otherwise, early=self.short(when.early))
        if when.late == when.early:
            return ""
        return self.span(when.early, when.late)

    def hours(self, value: float) -> str:
        """A number of hours."""
        return self("report.hours", hours=self.number(round(value)))

    def range(self, value: Interval, digits: int = 0) -> str:
        """Low to high."""
        return f"{self.number(value.low, digits)}–{self.number(value.high, digits)}"

    def offset(self, at: datetime) -> str:
        """Distance of the country's clock from UTC at an instant.

        >>> from datetime import datetime, timedelta, timezone
        >>> at = datetime(2024, 9, 6, tzinfo=timezone.utc)
        >>> Speaker("en", timezone(timedelta(hours=5, minutes=30))).offset(at)
        '+05:30'
        """
        text = at.astimezone(self.zone).strftime("%z")
        return text[:3] if text[3:5] == "00" else f"{text[:3]}:{text[3:5]}"


def own_words(threat: ThreatSpec) -> str:
    """File of the words that a threat of this kind says otherwise; "" for one with a track."""
    if threat.tracked:
        return ""
    return "counted" if threat.counted else "readings"
