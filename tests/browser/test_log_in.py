#!/usr/bin/python3
"""The first administrator, log-in and log-out, the language, and /settings/p2p, as seen in a browser."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.site.people import ADMIN, PASSWORD, add_user, setup_path     # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402


def test_from_the_link_to_log_in(ground, show):
    central = ground.central().start()
    screen = show(central)
    screen.open("/")
    assert "parkmeshctl setup-link" in screen.text, screen.text
    screen.check("login-first")
    screen.open(setup_path(central))
    screen.check("setup")
    screen.fill(name="anna", password=PASSWORD, again=PASSWORD + "x")
    screen.press("Tạo tài khoản")
    assert "không giống nhau" in screen.wrong("again") and screen.value("name") == "anna"
    assert screen.focused() == "again", "where the mistake is"
    screen.fill(password=PASSWORD, again=PASSWORD)
    screen.press("Tạo tài khoản")
    assert screen.path == "/" and "Đã tạo tài khoản quản trị" in screen.text, screen.text
    screen.press("Đăng xuất")
    assert screen.path == "/login" and "Đã đăng xuất." in screen.text
    screen.log_in("anna", PASSWORD)
    assert screen.path == "/", screen.path
    screen.open("/account")
    screen.check("account")
    screen.open("/nothing")
    screen.check("not-found")


def test_wrong_passwords(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "admin")
    screen = show(central)
    for _ in range(5):
        screen.log_in(ADMIN, "wrong password")
        assert "Tên đăng nhập hoặc mật khẩu không đúng." in screen.text and screen.value("name") == ADMIN, screen.text
    screen.check("login-wrong")
    screen.log_in()
    assert re.search(r"Hãy đợi \d+ giây", screen.text), screen.text
    screen.switch_language()
    screen.fill(name=ADMIN, password=PASSWORD)
    screen.press("Log in")
    assert "Wait" in screen.text and "Too many tries." in screen.text, screen.text


def test_peers(ground, show):
    secret = write_secret(ground.path("secret"))
    a = ground.central("central-1", secret_file=secret).start()
    b = ground.central("central-2", secret_file=secret).start()
    add_user(a, ADMIN, "admin")
    screen = show(a)
    screen.log_in()
    screen.open("/settings/p2p")
    screen.check("p2p-empty")
    screen.press("Thêm Peer")
    screen.fill(peer_id="central-2", peer_ip="127.0.0.1", peer_port="90o0")
    screen.press("Lưu cấu hình P2P")
    assert "65535" in screen.wrong("peer_port") and screen.value("peer_port") == "90o0"
    screen.check("p2p-wrong")
    screen.fill(peer_port=str(b.p2p_port))
    screen.press("Lưu cấu hình P2P")
    assert "Đã lưu cấu hình P2P" in screen.text and screen.wrong("peer_port") == ""
    wait_for(lambda: a.connected("central-2"), what="the peer to be connected")
    screen.open("/settings/p2p")
    assert "Kết nối" in screen.text and "Đã lưu" not in screen.text
    screen.press("Kiểm tra kết nối")
    assert "thành công" in screen.text, screen.text
    screen.check("p2p")
    screen.switch_language()
    assert screen.language == "en" and screen.path == "/settings/p2p" and "Peer centrals (1)" in screen.text
    screen.check("p2p")
    screen.press("Add a peer")
    screen.fill(1, peer_id="central-9", peer_ip="127.0.0.1", peer_port=str(free_ports(1)[0]))
    screen.press("Save the P2P configuration")
    screen.press("Test the connection", 1)
    assert "failed" in screen.text and "central-9" in screen.text, screen.text
    screen.follow("Remove", 1)
    screen.check("p2p-remove")
    screen.press("Remove")
    assert "The peer central-9 is removed." in screen.text, screen.text
    assert [peer["id"] for peer in a.config()["peer_centrals"]] == ["central-2"]


def test_by_keyboard_and_on_a_phone(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "admin")
    screen = show(central)
    screen.width(360)
    screen.log_in()
    menu = screen.driver.find_element("css selector", "header summary")
    assert menu.is_displayed(), "a phone has a menu to open"
    menu.click()
    links = [one.text for one in screen.driver.find_elements("css selector", "header nav a") if one.is_displayed()]
    assert "IP máy chủ central khác" in " ".join(links), links
    screen.open("/account")
    screen.driver.switch_to.active_element.send_keys("\ue004")      # Tab
    assert "Tới nội dung" in screen.driver.switch_to.active_element.text, "the first stop leads to the content"


if __name__ == "__main__":
    run(globals())
