#!/usr/bin/python3
"""An operator's first day, in a browser: two new centrals are set up, brought together and tested; a port is mistyped, a secret differs, a
machine is replaced, a log-in ends in the middle; /account."""
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.site.people import ADMIN, PASSWORD, add_user, setup_path     # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

PAGE, SAVE = "/settings/p2p", "Lưu cấu hình P2P"


def shows(screen, words, seconds=30):
    """Wait for what the page comes to say: by itself with JavaScript, when it is opened again without."""
    def look():
        if not screen.script:
            screen.open(PAGE)
        return words in screen.text
    wait_for(look, seconds, what=lambda: "%s on %s" % (words, screen.text))


def pair(ground, show):
    """Two centrals that are peers, and an administrator's screen at the first."""
    secret = write_secret(ground.path("secret"))
    b = ground.central("central-2", secret_file=secret).start()
    a = ground.central("central-1", secret_file=secret, peers={"central-2": ("127.0.0.1", b.p2p_port)}).start()
    wait_for(lambda: a.connected("central-2"), what="the pair to be connected")
    add_user(a, ADMIN, "admin")
    screen = show(a)
    screen.log_in()
    screen.open(PAGE)
    return a, b, screen


def set_up(central, screen, secret):
    """From parkmeshctl's link to a mesh secret."""
    screen.open(setup_path(central))
    screen.fill(name="anna", password=PASSWORD, again=PASSWORD)
    screen.press("Tạo tài khoản")
    assert "Đã tạo tài khoản quản trị" in screen.text, screen.text
    screen.open(PAGE)
    assert "Chưa có mã bí mật" in screen.text and "Chưa có peer central nào." in screen.text
    screen.fill(mesh_secret=secret)
    screen.press(SAVE)
    assert "Đã lưu cấu hình P2P" in screen.text and "Đã có mã bí mật" in screen.text and screen.value("mesh_secret") == ""


def test_two_new_centrals(ground, show):
    a, b = ground.central("central-1").start(), ground.central("central-2").start()
    there = show(b)
    set_up(b, there, "one for both of them")
    screen = show(a)
    set_up(a, screen, "one for all of us")
    screen.press("Thêm Peer")
    screen.fill(peer_id="central-2", peer_ip="127.0.0.1", peer_port="9oo2")
    screen.press(SAVE)
    assert "65535" in screen.wrong("peer_port") and screen.focused() == "peer_port", screen.text
    assert "Chưa lưu gì cả" in screen.text and screen.value("peer_id") == "central-2", "what was typed is kept"
    screen.fill(peer_port=str(free_ports(1)[0]))
    screen.press(SAVE)
    shows(screen, "Không kết nối được tới central-2. Hãy xem địa chỉ và cổng có đúng không")
    screen.fill(peer_port=str(b.api_port))
    screen.press(SAVE)
    shows(screen, "Hãy nhập P2P Port của central-2 (thường là 9000), không phải API Port.")
    screen.check("new-site-wrong-port")
    screen.fill(peer_port=str(b.p2p_port))
    screen.press(SAVE)
    shows(screen, "central-2 không chứng minh được mã bí mật mạng (mesh secret) qua TLS. Hãy đặt cùng một mã bí mật trên cả hai máy")
    screen.press("Kiểm tra kết nối")
    assert "không được. central-2 không chứng minh được mã bí mật mạng" in screen.text, screen.text
    screen.switch_language()
    shows(screen, "central-2 does not prove the mesh secret over TLS. Set the same mesh secret on both machines")
    screen.check("new-site-wrong-secret")
    screen.fill(mesh_secret="one for both of them")
    screen.press("Save the P2P configuration")
    shows(screen, "State Connected")
    screen.press("Test the connection")
    assert "central-2: good" in screen.text and " ms." in screen.text, screen.text
    screen.check("new-site-connected")
    shows(there, "Central đang kết nối nhưng chưa được cấu hình")
    assert "central-1 (127.0.0.1)" in there.text, there.text


def test_a_machine_is_replaced(ground, show):
    a, b, screen = pair(ground, show)
    assert b.stop() == 0
    shutil.rmtree(b.dir)
    os.makedirs(b.dir, mode=0o700)
    b.start()
    shows(screen, "Xem và xác nhận khóa mới", 60)
    screen.check("p2p-other-key")
    screen.follow("Xem và xác nhận khóa mới")
    assert screen.path == PAGE + "/repin?peer_id=central-2", screen.path
    screen.check("repin")
    screen.switch_language()
    screen.check("repin")
    screen.follow("No, go back")
    screen.follow("Look at the new key")
    screen.press("Confirm the new key")
    assert "The new key of central-2 is confirmed." in screen.text, screen.text
    wait_for(lambda: a.connected("central-2"), 60, what="the new key to be taken")
    screen.open(PAGE)
    assert "Look at the new key" not in screen.text


def test_the_log_in_ends_in_the_middle(ground, show):
    a, _, screen = pair(ground, show)
    held = a.config()
    screen.fill(central_ip="localhost")
    screen.driver.delete_all_cookies()
    screen.press(SAVE)
    assert screen.path.startswith("/login?") and "những gì vừa gửi chưa được lưu" in screen.text, screen.text
    screen.check("login-lost")
    screen.fill(name=ADMIN, password=PASSWORD)
    screen.press("Đăng nhập")
    assert screen.path == PAGE and "chưa được lưu. Hãy nhập lại." in screen.text, screen.text
    assert a.config() == held and screen.value("central_ip") == held["this_central"]["ip"]
    screen.fill(central_ip="localhost")
    screen.press(SAVE)
    assert "Đã lưu cấu hình P2P" in screen.text and a.config()["this_central"]["ip"] == "localhost"


def test_account(ground, show):
    central = ground.central().start()
    add_user(central, "minh", "viewer")
    screen, new = show(central), "another horse entirely"
    screen.log_in("minh")
    screen.open(PAGE)
    assert "không có quyền" in screen.text, screen.text
    screen.check("not-allowed")
    screen.open("/account")
    assert "minh" in screen.text and "IP máy chủ central khác" not in screen.text, "what a viewer may not open is not in the menu"
    screen.fill(current="wrong one", password=new, again=new)
    screen.press("Đổi mật khẩu")
    assert "Mật khẩu hiện tại không đúng." in screen.wrong("current") and screen.focused() == "current"
    assert screen.value("password") == "", "no password is ever sent back"
    screen.check("account-wrong")
    screen.switch_language()
    screen.fill(current=PASSWORD, password=new, again=new)
    screen.press("Change the password")
    assert "The password is changed." in screen.text and screen.path == "/account", screen.text
    screen.press("Log out")
    screen.log_in("minh", new)
    assert screen.language == "en" and not screen.path.startswith("/login"), "the language stays with the browser"


if __name__ == "__main__":
    run(globals())
