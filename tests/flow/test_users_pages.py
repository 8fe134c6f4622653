#!/usr/bin/python3
"""/settings/users as administrators use it, without JavaScript (spec/pages.md)."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.load import in_threads                      # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import ADMIN, PASSWORD, add_user     # noqa: E402

PAGE, OTHER = "/settings/users", "another good password"
NEW, ADD, ROLE, SET, REMOVE = "Thêm tài khoản", "Tạo tài khoản", "Lưu quyền", "Đặt mật khẩu", "Xóa tài khoản"


def logged_in(central, name, password=PASSWORD):
    browser = Browser(central)
    page = browser.log_in(name, password)
    assert not page.path.startswith("/login"), page.text
    return browser


def is_in(browser):
    return browser.get("/account").path == "/account"


def users(central):
    return {row["name"]: row["role"] for row in central.rows.query("SELECT name, role FROM users")}


def deeds(central):
    return [(row["what"], row["who"], row["object"], row["old"], row["new"]) for row in central.rows.query(
        "SELECT what, who, object, old, new FROM audit WHERE what LIKE 'user%' AND who != 'parkmeshctl' ORDER BY id")]


def test_each_role(ground):
    c = ground.central().start()
    for name, role in (("xem", "viewer"), ("gac", "operator"), (ADMIN, "admin")):
        add_user(c, name, role)
    for name in ("xem", "gac"):
        browser = logged_in(c, name)
        token = browser.get("/account").values("csrf")[0]
        assert PAGE not in browser.get("/account").links.values(), "not in the menu"
        for path in ("", "/add", "/edit?name=gac", "/remove?name=gac"):
            assert browser.get(PAGE + path).answer.status == 403, path
        for path in ("/add", "/role", "/password", "/remove"):
            fields = [("csrf", token), ("name", "xem"), ("role", "admin"), ("password", OTHER), ("again", OTHER)]
            assert browser.post(PAGE + path, fields).answer.status == 403, path
    assert Browser(c).get(PAGE).path.startswith("/login")
    assert users(c) == {"xem": "viewer", "gac": "operator", ADMIN: "admin"} and deeds(c) == []


def test_add_and_log_in(ground):
    c = ground.central().start()
    browser = administrator(c)
    page = browser.get(PAGE)
    assert "anna bạn" in page.text and "Quản trị" in page.text and "Đăng nhập lần cuối" in page.text, page.text
    form = page.follow(NEW)
    assert form.values("role") == ["operator"]
    good = {"name": "binh", "role": "viewer", "password": OTHER, "again": OTHER}
    for fill, field, status in (({"name": ""}, "name", 400), ({"name": "Bình"}, "name", 400), ({"name": "<b>"}, "name", 400),
                                ({"name": ADMIN}, "name", 409), ({"password": "short", "again": "short"}, "password", 400),
                                ({"again": "different"}, "again", 400), ({"password": "binh", "again": "binh"}, "password", 400)):
        wrong = form.press(ADD, dict(good, **fill))
        assert wrong.answer.status == status and wrong.wrong(field) == [True], (fill, wrong.answer)
        assert wrong.values("name") == [fill.get("name", "binh")] and wrong.values("role") == ["viewer"], "typed is kept"
        assert wrong.values("password") == [""] and OTHER not in wrong.answer.text and "<b>" not in wrong.answer.text
    done = form.press(ADD, good)
    assert done.path == PAGE and "Đã tạo tài khoản binh." in done.text and "Chưa đăng nhập lần nào" in done.text, done.text
    assert "Đã tạo" not in browser.get(PAGE).text, "said once"
    assert is_in(logged_in(c, "binh", OTHER))
    assert deeds(c) == [("user_added", ADMIN, "binh", None, "viewer")] and OTHER not in str(c.rows.query("SELECT * FROM audit"))


def test_role_password_remove(ground):
    c = ground.central().start()
    browser = administrator(c)
    add_user(c, "binh", "viewer")
    his = logged_in(c, "binh")
    assert his.get(PAGE).answer.status == 403
    edit = browser.get(PAGE).follow("Sửa binh")
    assert edit.values("role") == ["viewer"]
    done = edit.press(ROLE, {"role": "admin"})
    assert done.path == PAGE and "Đã lưu quyền của binh." in done.text, done.text
    assert his.get(PAGE).answer.status == 200, "counts at once"
    edit = browser.get(PAGE + "/edit?name=binh")
    wrong = edit.press(SET, {"password": "abc", "again": "abc"})
    assert wrong.answer.status == 400 and wrong.wrong("password") == [True] and wrong.values("role") == ["admin"], wrong.text
    assert is_in(his)
    done = wrong.press(SET, {"password": OTHER, "again": OTHER})
    assert "mọi phiên đăng nhập" in done.text and not is_in(his), "logged out"
    assert Browser(c).log_in("binh").path.startswith("/login") and is_in(logged_in(c, "binh", OTHER))
    his = logged_in(c, "binh", OTHER)
    asked = browser.get(PAGE).follow("Xóa binh")
    assert "Xóa tài khoản binh?" in asked.headings and "binh" in users(c)
    gone = asked.press(REMOVE)
    assert "Đã xóa tài khoản binh" in gone.text and users(c) == {ADMIN: "admin"} and not is_in(his), gone.text
    assert [deed[0] for deed in deeds(c)] == ["user_role", "user_password", "user_removed"], deeds(c)
    for path in ("/edit", "/remove"):
        assert browser.get(PAGE + path + "?name=binh").answer.status == 404, path


def test_oneself_and_the_last_administrator(ground):
    c = ground.central().start()
    browser = administrator(c)
    page = browser.get(PAGE)
    assert not set(page.links) & {"Sửa anna", "Xóa anna"}, page.links
    token = page.values("csrf")[0]
    for path in ("/edit", "/remove"):
        refused = browser.get(PAGE + path + "?name=" + ADMIN)
        assert refused.answer.status == 409 and "tài khoản của chính bạn" in refused.text, refused.text
    for path in ("/role", "/password", "/remove"):
        fields = [("csrf", token), ("name", ADMIN), ("role", "viewer"), ("password", OTHER), ("again", OTHER)]
        assert browser.post(PAGE + path, fields).answer.status == 409, path
    assert users(c) == {ADMIN: "admin"} and is_in(browser)
    for number in range(5):     # two administrators take the role from each other at the same moment: one stays
        if number == 0:
            add_user(c, "binh", "admin")
        two = {ADMIN: browser if number == 0 else logged_in(c, ADMIN), "binh": logged_in(c, "binh")}
        pages = {"binh": two[ADMIN].get(PAGE + "/edit?name=binh"), ADMIN: two["binh"].get(PAGE + "/edit?name=" + ADMIN)}
        in_threads(2, 2, lambda i: list(pages.values())[i].press(ROLE, {"role": "viewer"}))
        assert "admin" in users(c).values(), users(c)
        left = [name for name, role in users(c).items() if role == "admin"][0]
        other = "binh" if left == ADMIN else ADMIN
        if users(c)[other] != "admin":
            logged_in(c, left).get(PAGE + "/edit?name=" + other).press(ROLE, {"role": "admin"})


def test_two_at_once(ground):
    c = ground.central().start()
    for name in ("binh", "chi"):
        add_user(c, name, "admin")
    first, second = administrator(c), logged_in(c, "binh")
    role, password, remove = (second.get(PAGE + path) for path in ("/edit?name=chi", "/edit?name=chi", "/remove?name=chi"))
    first.get(PAGE + "/edit?name=chi").press(ROLE, {"role": "operator"})
    told = role.press(ROLE, {"role": "viewer"})
    assert told.answer.status == 409 and "người khác vừa sửa" in told.text and told.values("role") == ["viewer"], told.text
    told = password.press(SET, {"password": OTHER, "again": OTHER})
    assert told.answer.status == 409 and "người khác vừa sửa" in told.text and told.values("role") == ["operator"], told.text
    refused = remove.press(REMOVE)
    assert refused.path == PAGE and "Chưa xóa gì" in refused.text and users(c)["chi"] == "operator", refused.text
    assert is_in(logged_in(c, "chi")), "with the password as it was"


if __name__ == "__main__":
    tap.run(globals())
