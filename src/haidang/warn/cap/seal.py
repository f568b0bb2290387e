"""What a sender signs with.

The libraries behind it wait until something is signed: most who build a message never sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from haidang.base.errors import BadData

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Seal:
    """What a sender signs with. It never shows its key.

    Attributes:
        key: As `sign` takes it.
        certificate: As `sign` takes it.
        password: Of the key, where it has one.
    """

    key: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    password: bytes | None = field(default=None, repr=False)

    def on(self, data: bytes) -> bytes:
        """The message with its signature; raises as `sign`."""
        from haidang.warn.cap.signer import sign  # noqa: PLC0415

        return sign(data, self.key, self.certificate, password=self.password)

    def check(self, now: datetime) -> x509.Certificate:
        """The certificate, where key and certificate can be used at an instant.

        Raises:
            BadData: As `sign`, with the reason.
        """
        from haidang.warn.cap.signer import matching, read_key  # noqa: PLC0415
        from haidang.warn.cap.trust import in_force  # noqa: PLC0415

        found = matching(read_key(self.key, self.password), self.certificate)[0]
        if late := tuple(in_force(found, now)):
            raise BadData(*late)
        return found
