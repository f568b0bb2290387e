"""The list of desks."""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.web.pages.home import Home
from haidang.web.visit import Visited

router = APIRouter()


@router.get("/")
def home(visit: Visited) -> Response:
    """Which desks there are."""
    return visit.page("home.html", Home((), ()), page="home")
