"""The law as dated data: decision tables, evaluated, never coded."""

from haidang.law.check import check
from haidang.law.combine import Combined, combine
from haidang.law.evaluate import (
    NO_LEVEL,
    STATUS,
    Code,
    Highest,
    Ruling,
    Rulings,
    evaluate,
    highest,
    lookup,
)
from haidang.law.lawbook import Lawbook, article_id
from haidang.law.levels import CombineRule, Level, Names, Rank, Scale
from haidang.law.table import Table, parse

__all__ = [
    "NO_LEVEL",
    "STATUS",
    "Code",
    "CombineRule",
    "Combined",
    "Highest",
    "Lawbook",
    "Level",
    "Names",
    "Rank",
    "Ruling",
    "Rulings",
    "Scale",
    "Table",
    "article_id",
    "check",
    "combine",
    "evaluate",
    "highest",
    "lookup",
    "parse",
]
