"""Not a test: two receivers that keep a log on disk and fail a share of the time.

Usage: deliver_receivers.py FOLDER SHARE SEED. Prints the ports of the HTTP and the SMTP server and
serves until its standard input ends. A line there, a number, is how many attempts are answered from
then on, from the first; those behind it wait, until another line says more. Each attempt is one
line of ``FOLDER/log``: channel, address, key, and what became of it:

* ``kept``: taken, and said so;
* ``lost``: taken, but the answer was a failure (HTTP alone: half of its failures), so the sender
  must try again although the message is there;
* ``failed``: not taken;
* ``gone``: an address that refuses for ever.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import warnings
from pathlib import Path

from aiosmtpd import smtp

GONE = "-gone"
"""Part of an address, or of a number by its digits, that refuses for ever."""
DIGITS = "8400000"


class Log:
    """Whole lines in one file, written at once: who reads it meanwhile never sees half a line."""

    def __init__(self, path: Path, share: float, seed: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._share, self._draw = share, random.Random(seed)
        self._noted, self._most, self._more = 0, sys.maxsize, asyncio.Condition()

    async def allow(self, most: int) -> None:
        """Answer so many attempts, from the first."""
        async with self._more:
            self._most = most
            self._more.notify_all()

    async def taken(self, channel: str, address: str, key: str, *, answers: bool) -> str:
        """As `note`, which is done at once; but it comes back when the attempt may be answered."""
        said = self.note(channel, address, key, answers=answers)
        self._noted = number = self._noted + 1
        async with self._more:
            await self._more.wait_for(lambda: number <= self._most)
        return said

    def note(self, channel: str, address: str, key: str, *, answers: bool) -> str:
        """Decide what becomes of an attempt, and write it down before it is answered."""
        drawn = self._draw.random()
        if GONE in address or address.startswith(DIGITS):
            said = "gone"
        elif drawn >= self._share:
            said = "kept"
        elif answers and drawn < self._share / 2:
            said = "lost"
        else:
            said = "failed"
        os.write(self._file, f"{channel} {address} {key} {said}\n".encode())
        return said


async def web(log: Log, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """HTTP/1.1 as far as a webhook needs it: POST, a length, the connection kept open."""
    try:
        while line := await reader.readline():
            path = line.split()[1].decode()
            headers = {}
            while raw := (await reader.readline()).strip():
                name, _, value = raw.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            channel, _, who = path.strip("/").partition("/")
            who = who or str(json.loads(body)["to"])  # a gateway has one address for all numbers
            key = headers.get("idempotency-key", "-")
            said = await log.taken(channel, who, key, answers=True)
            status = {"kept": "200 OK", "gone": "404 Not Found"}.get(said, "500 Trouble")
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the sender was killed
    finally:
        writer.close()


class Box:
    """A mailbox that keeps no keys: it shows whatever it is given."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def handle_DATA(self, server, session, envelope) -> str:  # type: ignore[no-untyped-def]
        head = envelope.content.split(b"\r\n\r\n", 1)[0].replace(b"\r\n ", b" ")
        lines = [x for x in head.split(b"\r\n") if x.lower().startswith(b"message-id:")]
        key = lines[0].split(b":", 1)[1].strip().decode() if lines else "-"
        said = await self._log.taken("mail", envelope.rcpt_tos[0], key, answers=False)
        codes = {"kept": "250 OK", "gone": "550 No such mailbox"}
        return codes.get(said, "451 Trouble, try again")


async def serve(folder: Path, share: float, seed: int) -> None:
    log = Log(folder / "log", share, seed)
    http = await asyncio.start_server(lambda r, w: web(log, r, w), "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(
        lambda: smtp.SMTP(Box(log), enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    ports = [s.sockets[0].getsockname()[1] for s in (http, mail)]
    print(*ports, flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await log.allow(int(line))
    os._exit(0)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # it warns of logins without TLS; nobody logs in here
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
