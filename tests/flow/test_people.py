#!/usr/bin/python3
"""People: accounts and log-in, what each role may, forms and their tokens, what is limited, the audit list (spec/operations.md)."""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.client import Client                        # noqa: E402
from tests.site.load import in_threads                      # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import ADMIN, PASSWORD, add_user, ctl, ctl_command, setup_path   # noqa: E402

LOG_IN, LOG_OUT, WRONG = "Đăng nhập", "Đăng xuất", "Tên đăng nhập hoặc mật khẩu không đúng."
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def good(central, *words, **how):
    return json.loads(ctl(central, "--json", *words, **how))


def refused(central, *words, stdin=""):
    """-> the code that a call of parkmeshctl is refused with"""
    done = subprocess.run(ctl_command(central, "--json", *words), input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("parkmeshctl: "), done
    return json.loads(done.stdout)["code"]


def cookie(browser):
    """The session's cookie as a header."""
    return {"Cookie": "; ".join("%s=%s" % one for one in browser.cookies.items())}


def csrf(page):
    return page.values("csrf")[0]


def where(page):
    return page.path.split("?")[0]


# ---- log-in

def test_nobody_yet_and_the_link(ground):
    c = ground.central().start()
    browser = Browser(c)
    page = browser.get("/")
    assert where(page) == "/login" and "parkmeshctl setup-link" in page.text, page.text
    path = setup_path(c)
    asked = browser.get(path)
    assert asked.answer.status == 200 and "Tạo quản trị viên" in asked.headings, asked.text
    for fill, field in (({"name": "Anna"}, "name"), ({"password": "short", "again": "short"}, "password"),
                        ({"password": "anna", "again": "anna"}, "password"), ({"again": "another thing"}, "again")):
        fill = dict({"name": "anna", "password": PASSWORD, "again": PASSWORD}, **fill)
        wrong = asked.press("Tạo tài khoản", fill)
        assert wrong.answer.status == 400 and wrong.wrong(field) == [True], (fill, wrong.text)
        assert wrong.values("name") == [fill["name"]] and wrong.values("password") == [""], "a password is not given back"
    assert c.rows.values("SELECT name FROM users") == []
    done = asked.press("Tạo tài khoản", {"name": "anna", "password": PASSWORD, "again": PASSWORD})
    assert done.path == "/" and "Đã tạo tài khoản quản trị" in done.text, done.text
    assert "Đã tạo" not in browser.get("/").text, "said once"
    again = Browser(c).get(path)
    assert again.answer.status == 404 and "setup-link" in again.text, "the link is used up"
    assert asked.press("Tạo tài khoản", {"name": "eve", "password": PASSWORD, "again": PASSWORD}).answer.status in (403, 404)
    assert c.rows.values("SELECT name FROM users") == ["anna"]
    assert "parkmeshctl setup-link" not in Browser(c).get("/login").text
    with open(c.output, encoding="utf-8") as f:
        assert path.split("=")[1] not in f.read(), "the link is never logged"


def test_log_out_and_in_again(ground):
    c = ground.central().start()
    browser = administrator(c)
    old = dict(browser.cookies)
    out = browser.get("/settings/p2p").press(LOG_OUT)
    assert where(out) == "/login" and "Đã đăng xuất" in out.text, out.text
    browser.cookies = dict(old)
    assert where(browser.get("/settings/p2p")) == "/login", "the session is gone, whoever kept its cookie"
    asked = browser.get("/settings/p2p")
    assert asked.path == "/login?back=%2Fsettings%2Fp2p", asked.path
    back = asked.press(LOG_IN, {"name": ADMIN, "password": PASSWORD})
    assert back.path == "/settings/p2p", "back to where it was asked for"
    assert back.browser.cookies != old, "each log-in has a token of its own"
    for elsewhere in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        page = Browser(c).get("/login").press(LOG_IN, {"name": ADMIN, "password": PASSWORD, "back": elsewhere})
        assert page.path == "/", (elsewhere, page.path)


def test_cookies_are_for_the_server_alone(ground):
    c = ground.central().start()
    add_user(c, ADMIN, "admin")
    browser = Browser(c)
    asked = browser.get("/login")
    before = dict(browser.cookies)
    body = "csrf=%s&name=%s&password=%s" % (csrf(asked), ADMIN, PASSWORD.replace(" ", "+"))
    answer = c.raw("POST", "/login", body.encode(), dict(FORM, **cookie(browser)))
    assert answer.status == 303, answer
    lines = [line for line in answer.cookies if "session" in line]
    assert len(lines) == 1 and re.fullmatch(r"parkmesh-session-%d=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax" % c.api_port, lines[0]), lines
    token = lines[0].split("=")[1].split(";")[0]
    assert token not in before.values(), "not the token from before the log-in"
    held = c.rows.values("SELECT hex(hash) FROM sessions")
    assert len(held) == 1 and token.upper() not in held[0], "only its hash is kept"
    assert token.encode() not in open(os.path.join(c.dir, "parkmesh.db"), "rb").read()


def test_wrong_passwords_are_slowed_down(ground):
    c = ground.central().start()
    add_user(c, ADMIN, "admin")
    elsewhere = Client("127.0.0.1", c.api_port, source="127.0.0.7")
    for name in (ADMIN, "nobody"):
        browser = Browser(c, elsewhere)
        for _ in range(5):
            page = browser.log_in(name, "wrong password")
            assert page.answer.status == 403 and WRONG in page.text and page.values("name") == [name], page.text
        page = browser.log_in(name, "wrong password")
        assert page.answer.status == 429 and "30 giây" in page.text, page.text
        assert 25 <= int(page.answer.headers["retry-after"]) <= 30, page.answer.headers
    assert Browser(c).log_in().answer.status == 429, "the right one has to wait, too, from wherever it comes"
    assert c.rows.values("SELECT name FROM users WHERE seen_ms > 0") == []


def test_a_stranger_keeps_nobody_out(ground):
    """Who was logged in from an address gets in from there, and changes the password, whatever strangers try; after a restart, too."""
    c = ground.central().start()
    home = administrator(c)
    stranger = Browser(c, Client("127.0.0.1", c.api_port, source="127.0.0.7"))

    def besiege():
        while stranger.log_in(ADMIN, "wrong password").answer.status != 429:
            pass

    besiege()
    assert where(Browser(c).log_in()) == "/", "from a known address"
    assert Browser(c, Client("127.0.0.1", c.api_port, source="127.0.0.9")).log_in().answer.status == 429, "from a strange one"
    changed = home.get("/account").press("Đổi mật khẩu", {"current": PASSWORD, "password": "another thing", "again": "another thing"})
    assert "Đã đổi mật khẩu" in changed.text, changed.text
    c.stop()
    c.start()
    besiege()
    assert where(Browser(c).log_in(ADMIN, "another thing")) == "/", "the session of before the restart made it known"


def test_logging_in_again_ends_the_old_session(ground):
    c = ground.central().start()
    browser = administrator(c)
    add_user(c, "binh", "viewer")
    old = Browser(c)
    old.cookies = dict(browser.cookies)
    token = csrf(browser.get("/account"))
    answer = c.raw("POST", "/login", ("csrf=%s&name=binh&password=%s" % (token, PASSWORD.replace(" ", "+"))).encode(), dict(FORM, **cookie(old)))
    assert answer.status == 303, answer
    assert where(old.get("/account")) == "/login", "whoever kept the old cookie has nothing"
    assert c.rows.values("SELECT user FROM sessions") == ["binh"]
    assert c.rows.values("SELECT who || ' ' || what FROM audit ORDER BY id DESC LIMIT 2") == ["binh logged_in", "anna logged_out"]


def test_an_address_is_slowed_down(ground):
    c = ground.central().start()
    add_user(c, ADMIN, "admin")
    browser = Browser(c, Client("127.0.0.1", c.api_port, source="127.0.0.8"))
    statuses = [browser.log_in("user-%d" % i, "wrong password").answer.status for i in range(21)]
    assert statuses == [403] * 20 + [429], statuses
    assert browser.log_in().answer.status == 429
    assert where(Browser(c).log_in()) == "/", "other addresses are not"


def test_many_log_ins_at_once_leave_room_for_gates(ground):
    c = ground.central().start()
    for number in range(8):
        add_user(c, "user-%d" % number, "viewer")
    statuses = []

    def one(number):
        browser = Browser(c, Client("127.0.0.1", c.api_port, source="127.0.1.%d" % (number + 1)))
        statuses.append(browser.log_in("user-%d" % (number % 8), PASSWORD).answer.status)

    in_threads(16, 16, one)
    assert set(statuses) <= {200, 503} and statuses.count(200) >= 1, statuses
    assert c.ask("GET", "/api/stats")[0] == 200


# ---- roles and tokens of forms

def test_roles_on_pages(ground):
    c = ground.central().start()
    for name, role in (("v", "viewer"), ("o", "operator")):
        add_user(c, name, role)
        browser = Browser(c)
        browser.log_in(name)
        page = browser.get("/settings/p2p")
        assert page.answer.status == 403 and "không có quyền" in page.text, page.text
        assert browser.get("/account").answer.status == 200
        assert "/settings/p2p" not in browser.get("/account").links.values(), "nor is it in the menu"
    add_user(c, ADMIN, "admin")
    admin = Browser(c)
    admin.log_in()
    assert "/settings/p2p" in admin.get("/account").links.values()
    add_user(c, "second", "admin")
    ctl(c, "user", "role", ADMIN, "viewer")
    assert admin.get("/settings/p2p").answer.status == 403, "a new role counts at once"
    ctl(c, "user", "remove", ADMIN)
    assert where(admin.get("/settings/p2p")) == "/login", "and so does a removal"


def test_a_form_needs_the_token_of_its_browser(ground):
    c = ground.central().start()
    browser, other = administrator(c), Browser(c)
    other.log_in()
    held = c.config()
    save = "act=save&central_id=evil&central_ip=127.0.0.1&p2p_port=1&api_port=2&csrf="
    tokens = [csrf(one.get("/settings/p2p")) for one in (browser, other)]
    assert len(set(tokens)) == 2
    for token in ("", "0" * 64, tokens[1], tokens[0].upper(), tokens[0] + "0"):
        answer = c.raw("POST", "/settings/p2p", (save + token).encode(), dict(FORM, **cookie(browser)))
        assert answer.status == 403 and "quá cũ".encode() in answer.body, (token, answer)
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = c.raw("POST", "/settings/p2p", (save + tokens[0]).encode(), dict(FORM, **cookie(browser), **headers))
        assert answer.status == 403, (headers, answer)
    answer = c.raw("POST", "/settings/p2p", (save + tokens[0]).encode(), dict(cookie(browser), **{"Content-Type": "text/plain"}))
    assert answer.status == 415
    for path in ("/login", "/logout", "/setup", "/account"):
        assert c.raw("POST", path, b"csrf=" + b"0" * 64, dict(FORM, **cookie(browser))).status == 403, path
    assert c.config() == held


def test_the_api_by_session(ground):
    c = ground.central(options=["--trust-admin", "none", "--trust-edges", "none"]).start()
    page = {"Origin": c.url.rstrip("/"), "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
    tokens, headers = {}, {}
    for role in ("viewer", "operator", "admin"):
        add_user(c, role, role)
        browser = Browser(c)
        browser.log_in(role)
        tokens[role] = csrf(browser.get("/account"))
        headers[role] = dict(page, **cookie(browser))

    def status(role, method, path, body=None, **more):
        answer = c.raw(method, path, body and body.encode(), dict(headers[role], **{name.replace("_", "-"): value for name, value in more.items()}))
        return answer.status if answer.status < 400 else answer.json["code"]

    entry, fees = '{"plate_id":"29A12345"}', '{"fees":{"fee_per_hour":30000}}'
    assert [status(role, "GET", "/api/parking/history") for role in tokens] == [200] * 3
    assert [status(role, "GET", "/api/p2p/config") for role in tokens] == ["role_needed", "role_needed", 200]
    assert [status(role, "POST", "/api/parking/stays", entry) for role in tokens] == ["csrf_needed"] * 3
    assert [status(role, "POST", "/api/parking/stays", entry, X_CSRF_Token=tokens[role]) for role in tokens] == ["role_needed", 200, "already_inside"]
    assert [status(role, "PUT", "/api/parking/fees", fees, X_CSRF_Token=tokens[role]) for role in tokens] == ["role_needed", "role_needed", 200]
    assert status("admin", "PUT", "/api/parking/fees", fees, X_CSRF_Token=tokens["operator"]) == "csrf_needed"
    assert status("admin", "PUT", "/api/parking/fees", fees, X_CSRF_Token=tokens["admin"], Origin="http://evil.example") == "origin_not_allowed"
    assert status("admin", "GET", "/api/stats", Sec_Fetch_Site="cross-site") == "cross_origin"
    assert c.raw("GET", "/api/stats", None, {}).status == 403, "nobody else"
    noted = [(row["who"], row["what"], row["object"]) for row in c.rows.query("SELECT * FROM audit WHERE what NOT IN ('user_added', 'logged_in')")]
    assert noted == [("operator", "stay_entered", "29A12345"), ("admin", "setting_changed", "tariff")], noted
    assert [row["by"] for row in map(json.loads, c.rows.values("SELECT payload FROM records WHERE type = 'CONFIG_UPDATE'"))
            if "by" in row][-1:] in ([], ["admin"])


def test_what_is_set_of_a_peer_by_the_api_is_noted_too(ground):
    """A person's session can change a peer by the API, too."""
    c = ground.central().start()
    browser = administrator(c)
    headers = dict({"Origin": c.url.rstrip("/"), "Content-Type": "application/json", "X-CSRF-Token": csrf(browser.get("/account"))},
                   **cookie(browser))

    def changed(method, path, body):
        answer = c.raw(method, path, json.dumps(body).encode(), headers)
        assert answer.status == 200, answer
        row = c.rows.query("SELECT what, old, new FROM audit ORDER BY id DESC LIMIT 1")[0]
        return row["what"], row["old"], row["new"]

    peer = {"id": "central-2", "ip": "127.0.0.1", "p2p_port": 9}
    changed("POST", "/api/p2p/peers", peer)
    assert changed("PUT", "/api/p2p/peers/central-2", {"weight": 2}) == ("peer_set", "127.0.0.1 9", "127.0.0.1 9, weight 2")
    what, old, new = changed("PUT", "/api/p2p/config", {"peer_centrals": [dict(peer, weight=3)]})
    assert what == "mesh_saved" and old.endswith("; central-2 127.0.0.1 9, weight 2"), (what, old)
    assert new.endswith("; central-2 127.0.0.1 9, weight 3"), new
    assert changed("PUT", "/api/p2p/config", {"peer_centrals": [dict(peer, tls=False)]})[2].endswith(" 9, weight 3, without TLS")
    assert changed("PUT", "/api/p2p/peers/central-2", {"dialect": "legacy"})[2] == "127.0.0.1 9, weight 3, legacy"
    many = [dict(peer, id="central-%d" % n, ip="gate-%d.example" % n) for n in range(2, 102)]
    changed("PUT", "/api/p2p/config", {"peer_centrals": many})
    notes = c.rows.value("SELECT count(*) FROM audit")
    changed("PUT", "/api/p2p/config", {"peer_centrals": [*many[:-1], dict(many[-1], weight=2)]})
    assert c.rows.value("SELECT count(*) FROM audit") == notes + 1, "also where the text of all peers is cut"


# ---- a form that came too late

def test_a_form_after_the_log_in_ended(ground):
    """Nothing is saved or sent again; the person is told, and gets the form's page."""
    c = ground.central().start()
    for post, fill, page in (("/settings/p2p", {"central_ip": "localhost"}, "/settings/p2p"), ("/settings/p2p/test", {"test_peer": "x"}, "/settings/p2p"),
                             ("/settings/p2p/remove", {"peer_id": "x"}, "/settings/p2p"), ("/nothing/at/all", {}, None)):
        browser = administrator(c)
        held = c.config()
        browser.cookies.clear()
        late = browser.post(post, [("act", "save")] + list(fill.items()))
        if page is None:
            assert late.answer.status == 404
            continue
        assert where(late) == "/login" and "chưa được lưu" in late.text, late.text
        wrong = late.press(LOG_IN, {"name": ADMIN, "password": "wrong password"})
        assert WRONG in wrong.text and "chưa được lưu" in wrong.text, "it is not forgotten meanwhile"
        back = wrong.press(LOG_IN, {"name": ADMIN, "password": PASSWORD})
        assert where(back) == page and c.config() == held, (post, back.path)
        assert "chưa được lưu. Hãy nhập lại." in back.text, back.text
        assert "chưa được lưu" not in browser.get("/account").text, "said once"
    browser = Browser(c)
    assert "chưa được lưu" not in browser.get("/settings/p2p").text, "nothing was sent"
    assert browser.get("/login?lost=1&back=//evil.example").press(LOG_IN, {"name": ADMIN, "password": PASSWORD}).path == "/"


def test_a_long_address_and_the_way_back(ground):
    """A bookmark of a search too long to come back to: the log-in, and the switch of language, still work; what is shown is the page."""
    c = ground.central().start()
    administrator(c)
    long = "/history?edge=%s&search=29A" % ("x" * 990)
    browser = Browser(c)
    asked = browser.get(long)
    assert asked.answer.status == 200 and where(asked) == "/login", asked.text
    page = asked.press(LOG_IN, {"name": ADMIN, "password": PASSWORD})
    assert page.answer.status == 200 and page.path == "/history", page.path
    for path, back in ((long, "/history"), ("/" + "x" * 1001, "/")):
        shown = browser.get(path)
        switched = browser.get(shown.links["English"])
        assert switched.answer.status == 200 and switched.path == back and switched.language == "en", switched.path
        browser.get(switched.links["Tiếng Việt"])


# ---- one's own account

def test_change_of_password(ground):
    c = ground.central().start()
    browser, other = administrator(c), Browser(c)
    other.log_in()
    new = "another horse entirely"
    page = browser.get("/account")
    wrong = page.press("Đổi mật khẩu", {"current": "wrong one", "password": new, "again": new})
    assert wrong.wrong("current") == [True] and "không đúng" in wrong.said_of("current"), wrong.text
    wrong = page.press("Đổi mật khẩu", {"current": PASSWORD, "password": new, "again": new + "x"})
    assert wrong.wrong("again") == [True]
    wrong = page.press("Đổi mật khẩu", {"current": PASSWORD, "password": "short", "again": "short"})
    assert wrong.wrong("password") == [True]
    assert where(other.get("/account")) == "/account"
    done = page.press("Đổi mật khẩu", {"current": PASSWORD, "password": new, "again": new})
    assert done.path == "/account" and "Đã đổi mật khẩu" in done.text, done.text
    assert where(other.get("/account")) == "/login", "other browsers are logged out"
    assert where(browser.get("/account")) == "/account", "this one is not"
    assert Browser(c).log_in().answer.status == 403 and where(Browser(c).log_in(ADMIN, new)) == "/"
    assert "user_password" in c.rows.values("SELECT what FROM audit")


def test_languages(ground):
    c = ground.central().start()
    add_user(c, ADMIN, "admin")
    one, other = Browser(c), Browser(c)
    page = one.get("/login?back=%2Faccount").follow("English")
    assert page.language == "en" and page.path == "/login?back=%2Faccount", (page.language, page.path)
    page = page.press("Log in", {"name": ADMIN, "password": "wrong password"})
    assert "The name or the password is wrong." in page.text
    page = one.get("/login").press("Log in", {"name": ADMIN, "password": PASSWORD})
    assert page.language == "en" and "Log out" in page.text
    assert other.get("/login").language == "vi", "each browser has its own"
    assert one.get("/language?to=xx").answer.status == 400
    assert one.get("/language?to=vi&back=//evil.example").path == "/"
    assert one.get("/nothing/here").language == "vi"


def test_two_people_at_once(ground):
    """What one does is never said to the other."""
    c = ground.central().start()
    add_user(c, "v", "viewer")
    anna, v = administrator(c), Browser(c)
    v.log_in("v")
    answer = anna._raw("POST", "/settings/p2p", ("act=save&central_id=central-1&central_ip=127.0.0.1&p2p_port=%d&api_port=%d&csrf=%s" % (
        c.p2p_port, c.api_port, csrf(anna.get("/settings/p2p")))).encode(), FORM)
    assert answer.status == 303, answer
    assert "Đã lưu" not in v.get("/account").text
    assert "Đã lưu" in anna.get("/account").text
    assert "Đã lưu" not in anna.get("/account").text
    forged = "0" * 64 + "." + '{"text":"p2p.saved","good":true}'.encode().hex()
    v.cookies["parkmesh-flash-%d" % c.api_port] = forged
    assert "Đã lưu" not in v.get("/account").text, "nor can it be forged"


# ---- parkmeshctl

def test_accounts(ground):
    c = ground.central().start()
    assert "setup-link" in ctl(c, "user", "list")
    for words, password, code in [(("user", "add", "Anna"), "long enough", "user_name_invalid"), (("user", "add", "anna"), "short", "password_short"),
                                  (("user", "add", "anna"), "", "no_password"), (("user", "add", "anna"), "x" * 300, "password_long"),
                                  (("user", "passwd", "anna"), "long enough", "unknown_user"), (("user", "remove", "anna"), "", "unknown_user")]:
        assert refused(c, *words, stdin=password and password + "\n") == code, (words, password)
    assert good(c, "user", "add", "anna", "--role", "admin", stdin="long enough\n")["name"] == "anna"
    good(c, "user", "add", "binh", stdin="long enough")
    assert refused(c, "user", "add", "anna", stdin="long enough") == "user_exists"
    listed = good(c, "user", "list")["users"]
    assert [(user["name"], user["role"]) for user in listed] == [("anna", "admin"), ("binh", "operator")], listed
    assert "long enough" not in json.dumps(listed)
    assert refused(c, "user", "role", "anna", "viewer") == "last_admin"
    assert refused(c, "user", "remove", "anna") == "last_admin"
    good(c, "user", "role", "binh", "admin")
    good(c, "user", "passwd", "binh", stdin="other and long\n")
    good(c, "user", "remove", "anna")
    assert "binh" in ctl(c, "user", "list") and "anna" not in ctl(c, "user", "list")
    noted = c.rows.values("SELECT what || ' ' || object FROM audit WHERE who = 'parkmeshctl' ORDER BY id")
    assert noted == ["user_added anna", "user_added binh", "user_role binh", "user_password binh", "user_removed anna"], noted
    hashes = c.rows.values("SELECT password FROM users")
    assert all(text.startswith("$argon2id$") for text in hashes), hashes


def test_setup_link(ground):
    c = ground.central().start()
    link = ctl(c, "setup-link")
    assert link.startswith("%s/setup?token=" % c.url) and len(link.split("=")[1]) == 64, link
    assert link.split("=")[1] not in "".join(str(row) for row in c.rows.values("SELECT hex(hash) FROM setup_link"))
    assert good(c, "setup-link")["link"] != link, "each is another one"


if __name__ == "__main__":
    tap.run(globals())
