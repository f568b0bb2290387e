"""Who comes in, who stays, who is out; and what a page from elsewhere can do: nothing."""

from __future__ import annotations

import re

import pytest

from haidang.web.gate import Brake, masked, unmasked
from haidang.web.routes.login import inside
from haidang.web.visit import SESSION
from web.browser import ORIGIN, Browser

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize("path", ["/login", "/", "/d/drill-toy-2030/situation", "/nothing"])
def test_every_page_stands_behind_the_policy_and_is_kept_nowhere(looked, path):
    for browser in (looked.browser(), looked.browser("one-0")):
        headers = browser.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_no_page_holds_a_script_or_a_style_of_its_own(reader):
    for path in ("/login", "/", "/new", "/d/drill-toy-2030/situation", "/d/toy-2030/ledger"):
        text = reader.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on", text), path
        scripts = re.findall(r"<script[^>]*>", text)
        assert all(re.search(r'src="/static/', s) for s in scripts), path


def test_a_static_file_with_its_hash_is_kept_for_ever_another_is_asked_for(looked):
    browser = looked.browser()
    named = re.search(r'href="(/static/console\.css\?v=\w+)"', browser.get("/login").text)[1]
    kept, asked = browser.get(named), browser.get("/static/console.css")
    assert "immutable" in kept.headers["cache-control"]
    assert asked.headers["cache-control"] == "no-cache"
    again = browser.get("/static/console.css", **{"If-None-Match": asked.headers["etag"]})
    assert again.status_code == 304
    assert browser.get("/static/levels-xt.css").text.count(".lv") >= 3
    for bad in ("levels-zz.css", "../app.py", "..%2fapp.py", "app.py", ""):
        assert browser.get(f"/static/{bad}").status_code == 404, bad


def test_a_stranger_is_sent_to_the_login_and_back_to_where_he_wanted_to_go(looked):
    browser = looked.browser()
    assert browser.get("/d/toy-2030/ledger").headers["location"] == "/login?next=/d/toy-2030/ledger"
    page = browser.get("/login?next=/d/toy-2030/ledger").text
    assert 'name="next" value="/d/toy-2030/ledger"' in page
    answer = browser.login("one-0", looked.passwords["one-0"], "/d/toy-2030/ledger")
    assert answer.headers["location"] == "/d/toy-2030/ledger"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil", "x", "/login", "/a\nb", ""]
)
def test_the_login_leads_nowhere_else(path):
    assert inside(path) == "/"


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(acted):
    browser = acted.browser()
    one = browser.login("one-0", "wrong")
    acted.wall.forward(minutes=40)
    other = browser.login("nobody", "wrong")
    assert one.status_code == other.status_code == 401
    assert one.text.replace("one-0", "") == other.text.replace("nobody", "")


def test_guessing_is_slowed_down_for_login_and_address_and_forgiven_after_a_while(acted):
    browser = acted.browser()
    codes = [browser.login("one-0", f"guess {i}").status_code for i in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    # The right password does not help either, nor does another login from the same address.
    late = browser.login("one-0", acted.passwords["one-0"])
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) >= 1
    assert browser.login("one-1", acted.passwords["one-1"]).status_code == 429
    acted.wall.forward(seconds=2)
    assert browser.login("one-0", acted.passwords["one-0"]).status_code == 303


def test_the_delay_doubles():
    from web.browser import Wall

    brake, wall = Brake(), Wall()
    waits = []
    for _ in range(16):
        brake.failed(wall.now, "x")
        waits.append(brake.wait(wall.now, "x"))
    assert waits[:7] == [0, 0, 1, 2, 4, 8, 16]
    assert waits[-1] == 300
    wall.forward(minutes=31)
    assert brake.wait(wall.now, "x") == 0


def test_after_logout_a_stolen_cookie_is_dead(acted):
    browser = acted.browser("one-0")
    stolen = browser.client.cookies[SESSION]
    assert browser.get("/").status_code == 200
    assert browser.send("/logout").headers["location"] == "/login?said=logged_out"
    thief = acted.browser()
    thief.client.cookies.set(SESSION, stolen)
    assert thief.get("/").status_code == 303
    assert thief.get("/").headers["location"] == "/login"


def test_a_session_ends_by_itself_when_idle_and_however_busy(acted):
    browser = acted.browser("one-0")
    acted.wall.forward(hours=1, minutes=59)
    assert browser.get("/new").status_code == 200
    acted.wall.forward(hours=2, minutes=1)
    assert browser.get("/new").status_code == 303
    busy = acted.browser("one-0")
    for _ in range(11):
        acted.wall.forward(hours=1)
        assert busy.get("/new").status_code == 200
    acted.wall.forward(hours=1)
    assert busy.get("/new").status_code == 303


def test_a_new_start_ends_sessions_and_forgets_old_passwords(acted):
    browser = acted.browser("one-0")
    fresh = acted.app.state.console.gate.new_account("one-0", "forecaster_on_duty")
    assert browser.get("/new").status_code == 303
    assert acted.browser().login("one-0", acted.passwords["one-0"]).status_code == 401
    assert acted.browser().login("one-0", fresh).status_code == 303


def test_only_the_hash_of_a_token_is_kept(acted):
    browser = acted.browser("one-0")
    token = browser.client.cookies[SESSION].encode()
    database = acted.app.state.console.out / "console.db"
    held = b"".join(p.read_bytes() for p in database.parent.glob("console.db*"))
    assert token not in held
    assert acted.passwords["one-0"].encode() not in held


def test_a_form_without_proof_or_from_elsewhere_does_nothing(acted):
    browser = acted.browser("one-0")
    browser.get("/d/drill-toy-2030/situation")
    proof, before = browser.proof(), _runs(acted)
    path = "/d/drill-toy-2030/advance"
    post = browser.client.post
    assert post(path, data={"key": proof["key"]}).status_code == 403
    assert post(path, data={**proof, "csrf": "00" * 64}).status_code == 403
    assert post(path, data={**proof, "key": ""}).status_code == 403
    for origin in ("https://evil.example", "null", f"{ORIGIN}.evil.example"):
        assert post(path, data=proof, headers={"Origin": origin}).status_code == 403
    other = acted.browser("one-1")
    assert other.client.post(path, data=proof).status_code == 403
    nobody = acted.browser()
    assert nobody.client.post(path, data=proof).status_code == 401
    bare = Browser(acted.app, "")
    bare.client.cookies.set(SESSION, browser.client.cookies[SESSION])
    assert bare.client.post(path, data=proof).status_code == 403
    assert _runs(acted) == before


def _runs(site):
    from haidang.jobs.desk import Desk

    console = site.app.state.console
    return len(Desk.open(console.out / "drill-toy-2030", console.roots).views())


def test_a_form_sent_twice_is_done_once_and_answers_the_same(acted):
    browser = acted.browser("one-0")
    browser.get("/d/drill-toy-2030/situation")
    proof, before = browser.proof(), _runs(acted)
    newest = re.search(r'name="expect" value="(\w+)"', browser.page.text)[1]
    data = {**proof, "expect": newest}
    first = browser.client.post("/d/drill-toy-2030/advance", data=data)
    second = browser.client.post("/d/drill-toy-2030/advance", data=data)
    assert first.headers["location"] == "/d/drill-toy-2030/situation?said=advanced"
    assert second.headers["location"] == first.headers["location"]
    assert _runs(acted) == before + 1


def test_a_form_whose_outcome_is_forgotten_is_still_not_done_again(acted):
    browser = acted.browser("one-0")
    browser.get("/d/drill-toy-2030/situation")
    data = {**browser.proof(), "expect": ""}
    browser.client.post("/d/drill-toy-2030/advance", data=data)
    acted.app.state.console.outcomes.kept.clear()
    before = _runs(acted)
    assert browser.client.post("/d/drill-toy-2030/advance", data=data).status_code == 409
    assert _runs(acted) == before


def test_a_form_that_was_refused_is_refused_the_second_time_with_the_same_reason(acted):
    browser = acted.browser("one-0")
    browser.get("/?lang=en")
    data = {**browser.proof(), "case": "nothing"}
    first, second = (browser.client.post("/drill", data=data) for _ in range(2))
    assert first.status_code == second.status_code == 404
    assert "There is no such page" in first.text
    assert second.text == first.text


def test_two_buttons_pressed_at_the_same_look_move_the_desk_once(acted):
    one, two = acted.browser("one-0"), acted.browser("one-1")
    before = _runs(acted)
    for browser in (one, two):
        browser.get("/d/drill-toy-2030/situation")
    expect = {"expect": re.search(r'name="expect" value="(\w+)"', one.page.text)[1]}
    assert one.send("/d/drill-toy-2030/advance", expect).headers["location"].endswith("advanced")
    assert two.send("/d/drill-toy-2030/advance", expect).headers["location"].endswith("at_end")
    assert _runs(acted) == before + 1


def test_another_host_name_is_refused(looked):
    assert looked.browser().get("/login", Host="evil.example").status_code == 400


def test_what_is_too_large_is_refused_with_and_without_its_length(acted):
    browser = acted.browser("one-0")
    browser.get("/new")
    large = {"text": "x" * 2_100_000}
    assert browser.client.post("/new", data={**browser.proof(), **large}).status_code == 413

    def streamed():
        for _ in range(300):
            yield b"x" * 10_000

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = browser.client.post("/new", content=streamed(), headers=headers)
    assert answer.status_code == 413


def test_the_proof_looks_new_on_every_page():
    assert masked("00ff" * 16) != masked("00ff" * 16)
    assert unmasked(masked("00ff" * 16)) == "00ff" * 16


def test_a_fault_of_ours_has_a_number_the_headers_and_no_trace(acted, monkeypatch, caplog):
    from haidang.web.routes import situation

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(situation, "look", broken)
    answer = acted.browser("one-0").get("/d/toy-2030/situation")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == POLICY
    assert "secret detail" not in answer.text
    number = re.search(r"<code>([0-9a-f]{8})</code>", answer.text)[1]
    assert number in caplog.text
