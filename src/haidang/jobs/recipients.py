"""Recipients and subscriptions from files: the good rows are kept, the others are named."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.edge.feeds.recipients import read_contacts, read_subscriptions
from haidang.edge.store.recipients import Imported
from haidang.edge.store.store import Store
from haidang.pack.schema import Country


class TakenIn(NamedTuple):
    """What a file changed, and what was wrong with the rest of it."""

    kept: Imported
    problems: tuple[Problem, ...]


def import_contacts(
    store: Store,
    path: Path,
    home: Country,
    channels: Collection[str] = (),
    unfit: Callable[[str, str], str] = lambda channel, address: "",
) -> TakenIn:
    """Take in a file of recipients.

    Args:
        store: Where they are kept.
        path: See ``edge.feeds.recipients``.
        home: Its languages are known.
        channels: Names of those that are set up; empty where that is not known.
        unfit: Why a channel can never send to an address, "" where it may: better known now than
            on the night.

    Raises:
        BadData: The file cannot be read, or no row of it is good (``deliver.nothing_kept``).
    """
    read = read_contacts(path, tuple(home.spec.languages), channels)
    owners = store.addresses_taken(read.contacts)
    good, problems = [], list(read.problems)
    for line, one in zip(read.lines, read.contacts, strict=True):
        taken = owners.get((one.channel, one.address), one.alias) != one.alias
        why = "deliver.address_taken" if taken else unfit(one.channel, one.address)
        if why:
            problems.append(Problem(why, {}, path.name, line, "address"))
        else:
            good.append(one)
    if not good:
        raise BadData(*problems, Problem("deliver.nothing_kept", {}, path.name))
    return TakenIn(store.add_contacts(good), _in_order(problems))


def import_subscriptions(
    store: Store, path: Path, home: Country, day: date, channels: Collection[str] = ()
) -> TakenIn:
    """Take in a file of subscriptions: of each recipient and channel in it, it is the whole.

    Where a row of a recipient is wrong, none of their older subscriptions ends: a slip of the
    hand must not leave anybody without warnings.

    Args:
        store: Holds the recipients already.
        path: See ``edge.feeds.recipients``.
        home: Its languages, packs and places are known.
        day: Codes are meant as of this day.
        channels: Names of those that are set up; empty where that is not known.

    Raises:
        BadData: As ``import_contacts``.
    """
    languages = tuple(home.spec.languages)
    tops = {
        name: home.scales[pack.binding.scale or home.spec.scale].top
        for name, pack in home.packs.items()
    }
    read = read_subscriptions(path, languages, tops, home.places.gazetteer, day, channels)
    ids = store.recipient_ids([s.recipient for s in read.subscriptions])
    spoken = store.contact_languages(list(ids.values()))
    good, problems = [], list(read.problems)
    for line, one in zip(read.lines, read.subscriptions, strict=True):
        who = ids.get(one.recipient)
        if who is None:
            problems.append(Problem("deliver.no_recipient", {}, path.name, line, "recipient"))
        elif (who, one.channel) not in spoken:
            problems.append(Problem("deliver.no_contact", {}, path.name, line, "channel"))
        else:
            language = one.language or spoken[who, one.channel] or languages[0]
            good.append(replace(one, recipient=who, language=language))
    if not good:
        raise BadData(*problems, Problem("deliver.nothing_kept", {}, path.name))
    keep = {(ids[alias], channel) for alias, channel in read.spoilt if alias in ids}
    return TakenIn(store.subscribe(good, keep), _in_order(problems))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda p: p.row or 0))
