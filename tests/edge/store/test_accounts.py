"""Who may come in, who is in, and a form that is sent twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from edge.store.samples import ANNA, BERT, HOUR, T0
from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Account, Accounts, Kept, Store

TOKEN = sha256(b"secret token").hexdigest()
OTHER = sha256(b"another").hexdigest()
HASH = "$argon2id$v=19$m=65536,t=3,p=4$abc$def"


@pytest.fixture
def accounts(file: Path) -> Iterator[Accounts]:
    with Accounts.open(file, clock=lambda: T0) as found:
        found.add("anna", "officer", HASH, ANNA)
        found.add("bert", "head", HASH, BERT)
        yield found


@pytest.fixture
def inside(accounts: Accounts) -> Accounts:
    accounts.open_session(ANNA, TOKEN, "csrf", T0 + HOUR, "vi")
    return accounts


def test_an_account(accounts: Accounts) -> None:
    assert accounts.account("anna") == Account("anna", "officer", HASH, ANNA)
    assert accounts.account("nobody") is None
    assert [a.login for a in accounts.accounts()] == ["anna", "bert"]


@pytest.mark.parametrize("login", ["", "Anna", "a b", "-x", "đào", "x" * 65, "a\n", "../etc"])
def test_what_is_no_login(accounts: Accounts, login: str) -> None:
    with pytest.raises(BadData) as error:
        accounts.add(login, "officer", HASH, "cccccccc")
    assert error.value.problems[0].code == "store.login"


def test_two_people_never_act_as_one(accounts: Accounts) -> None:
    for login, actor in (("carl", ANNA), ("anna", BERT), ("anna", "cccccccc")):
        with pytest.raises(BadData) as error:
            accounts.add(login, "officer", HASH, actor)
        assert error.value.problems[0].code == "store.actor_taken"
        assert error.value.say("vi")
    assert accounts.account("carl") is None


def test_a_new_password_ends_the_sessions(inside: Accounts) -> None:
    inside.open_session(BERT, OTHER, "csrf", T0 + HOUR)
    inside.add("anna", "head", "new", ANNA)
    assert inside.account("anna") == Account("anna", "head", "new", ANNA)
    assert inside.session(TOKEN, T0) is None
    assert inside.session(OTHER, T0) is not None


def test_a_session_until_it_runs_out(inside: Accounts) -> None:
    found = inside.session(TOKEN, T0)
    assert found == Kept(ANNA, "officer", "csrf", T0 + HOUR, "vi")
    second = timedelta(seconds=1)
    assert inside.session(TOKEN, T0 + HOUR - second) == found
    assert inside.session(TOKEN, T0 + HOUR) is None
    assert inside.session(OTHER, T0) is None
    inside.set_language(TOKEN, "en")
    assert inside.session(TOKEN, T0).language == "en"


def test_a_session_stolen_after_logout_opens_nothing(inside: Accounts) -> None:
    inside.close_session(TOKEN)
    assert inside.session(TOKEN, T0) is None
    assert not inside.use_form(TOKEN, "key")
    inside.close_session(TOKEN)  # again: nothing happens
    inside.set_language(TOKEN, "en")
    assert inside.session(TOKEN, T0) is None


def test_the_token_itself_is_never_kept(inside: Accounts, file: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        inside.open_session(ANNA, "secret token", "csrf", T0 + HOUR)
    inside.close()
    held = b"".join(p.read_bytes() for p in file.parent.iterdir())
    assert b"secret token" not in held


def test_nobody_comes_in_without_an_account(accounts: Accounts) -> None:
    with pytest.raises(NotFound) as error:
        accounts.open_session("cccccccc", TOKEN, "csrf", T0 + HOUR)
    assert error.value.problems[0].code == "store.no_account"


def test_sessions_that_ran_out_are_swept_away(inside: Accounts, file: Path) -> None:
    inside.use_form(TOKEN, "key")
    with Accounts.open(file, clock=lambda: T0 + 2 * HOUR) as later:
        later.open_session(BERT, OTHER, "csrf", T0 + 9 * HOUR)
    with sqlite3.connect(file) as raw:
        left = raw.execute("SELECT token_sha256 FROM session").fetchall()
        forms = raw.execute("SELECT * FROM form").fetchall()
    raw.close()
    assert (left, forms) == ([(OTHER,)], [])


def test_a_form_sent_twice_is_taken_once(inside: Accounts) -> None:
    assert inside.use_form(TOKEN, "key")
    assert not inside.use_form(TOKEN, "key")
    assert inside.use_form(TOKEN, "another")
    assert not inside.use_form(TOKEN, "")
    inside.open_session(BERT, OTHER, "csrf", T0 + HOUR)
    assert inside.use_form(OTHER, "key")  # keys are each session's own


def test_a_form_sent_by_many_threads_at_once_is_taken_once(inside: Accounts) -> None:
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda: taken.append(inside.use_form(TOKEN, "key")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_accounts_lie_in_a_store_like_any_other(inside: Accounts, file: Path) -> None:
    with Store.open(file) as store:
        assert store.verify() == ()
        assert store.head()[0] == 0
