#!/usr/bin/python3
"""/settings/p2p as an administrator uses it, without JavaScript (spec/pages.md)."""
import contextlib
import os
import shutil
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import ADMIN                         # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

NOT_PROVEN = "central-2 không chứng minh được mã bí mật mạng (mesh secret) qua TLS. Hãy đặt cùng một mã bí mật trên cả hai máy"
PAGE, SAVE, ADD, TEST, REMOVE = "/settings/p2p", "Lưu cấu hình P2P", "Thêm Peer", "Kiểm tra kết nối", "Xóa"


class Two:
    """Two centrals that do not know each other, and a browser at the first."""

    def __init__(self, ground):
        self.secret = write_secret(ground.path("secret"))
        self.a = ground.central("central-1", secret_file=self.secret).start()
        self.b = ground.central("central-2", secret_file=self.secret).start()
        self.browser = administrator(self.a)

    def page(self):
        page = self.browser.get(PAGE)
        assert page.answer.status == 200, page.answer
        return page

    def peers(self):
        return [(peer["id"], peer["p2p_port"]) for peer in self.a.config()["peer_centrals"]]

    def add(self, id="central-2", port=None):
        """Add a peer by the page -> the page after saving"""
        typed = self.page().press(ADD)
        last = len(typed.values("peer_id")) - 1
        return typed.press(SAVE, {"peer_id": {last: id}, "peer_ip": {last: "127.0.0.1"},
                                  "peer_port": {last: str(port or self.b.p2p_port)}})


def test_the_three_cards(ground):
    two = Two(ground)
    page = two.page()
    assert page.answer.headers["content-type"].lower() == "text/html; charset=utf-8", page.answer.headers
    for heading in ("Trạng thái P2P Network", "Cấu hình Central hiện tại", "Danh sách Peer Centrals (0)"):
        assert heading in page.headings, (heading, page.headings)
    for words in ("Đang chạy", "Peers kết nối", "Tổng số peers", "Central ID", "central-1",
                  "Chưa có peer central nào. Nếu không có peer, central sẽ hoạt động ở chế độ standalone."):
        assert words in page.text, words
    own = [page.values(name) for name in ("central_id", "central_ip", "p2p_port", "api_port", "mesh_secret")]
    assert own == [["central-1"], ["127.0.0.1"], [str(two.a.p2p_port)], [str(two.a.api_port)], [""]], own
    with open(two.secret) as f:
        assert f.read().strip() not in page.answer.text, "the mesh secret is never shown"
    assert page.title.startswith("IP máy chủ central khác"), page.title


def test_add_save_and_see_it_connect(ground):
    two = Two(ground)
    typed = two.page().press(ADD)
    assert typed.values("peer_id") == [""] and two.peers() == [], "adding a row saves nothing yet"
    saved = typed.press(SAVE, {"peer_id": "central-2", "peer_ip": "127.0.0.1", "peer_port": str(two.b.p2p_port)})
    assert "Đã lưu" in saved.text, saved.text
    assert two.peers() == [("central-2", two.b.p2p_port)]
    assert "Danh sách Peer Centrals (1)" in saved.headings
    assert saved.values("peer_id") == ["central-2"]
    wait_for(lambda: "Mất kết nối" not in two.page().text and "Kết nối" in two.page().text.split("Trạng thái")[-1],
             what="the page to show the peer as connected")
    assert "Đã lưu" not in two.page().text, "success is said once"
    assert "central-1" in administrator(two.b).get(PAGE).text, "the other end shows who has connected"
    assert saved.values("peer_tls") == ["yes"]
    saved.press(SAVE, {"peer_tls": "no"})
    wait_for(lambda: (two.a.peer("central-2")["connected"], two.a.peer("central-2")["tls"]) == (True, False), what=lambda: two.a.status())
    assert two.page().values("peer_tls") == ["no"]
    late = two.page()
    two.page().press(SAVE, {"peer_dialect": "legacy"})
    assert "Đang lưu" in late.press(SAVE).text, "somebody else was quicker"
    assert [(row["dialect"], row["tls"]) for row in two.a.rows.query("SELECT dialect, tls FROM peers")] == [("legacy", 0)]


def test_whoever_saves_second_removes_no_peer_unseen(ground):
    """A form that was opened before somebody else added a peer does not take it away: its person is told, and decides."""
    two = Two(ground)
    stale = two.page()
    two.add()
    refused = stale.press(SAVE, {"central_ip": "localhost"})
    assert refused.answer.status == 409 and "người khác vừa sửa" in refused.text, refused.text
    assert "central-2 127.0.0.1 %d" % two.b.p2p_port in refused.text, "what is held is told"
    assert two.peers() == [("central-2", two.b.p2p_port)] and two.a.config()["this_central"]["ip"] == "127.0.0.1"
    assert refused.values("central_ip") == ["localhost"] and refused.values("peer_id") == [], "what was typed is kept"
    saved = refused.press(SAVE)
    assert "Đã lưu" in saved.text and two.peers() == [], "who has seen it may"


def test_a_mistyped_port_is_marked_and_kept(ground):
    two = Two(ground)
    two.add()
    held = two.a.config()
    for mistyped in ("90o0", "0", "65536", "-1", "", "9000.5", "99999999999999999999", "<script>alert(1)</script>\""):
        page = two.page().press(SAVE, {"peer_port": mistyped, "central_ip": "localhost"})
        assert page.answer.status == 400, (mistyped, page.answer.status)
        assert page.wrong("peer_port") == [True] and page.values("peer_port") == [mistyped], (mistyped, page.values("peer_port"))
        assert "65535" in page.said_of("peer_port"), page.said_of("peer_port")
        assert page.values("central_ip") == ["localhost"], "what else was typed is kept, too"
        assert not any(page.wrong(name)[0] for name in ("peer_id", "peer_ip", "central_id", "central_ip", "api_port")), mistyped
        assert "<script>alert" not in page.answer.text
        assert two.a.config() == held, "all or nothing"


def test_every_wrong_field_is_marked(ground):
    two = Two(ground)
    two.add()
    page = two.page().press(SAVE, {"central_id": "Central 1", "central_ip": "999.1.1.1", "p2p_port": "x", "api_port": "70000",
                                   "peer_id": "_", "peer_ip": "a b", "peer_port": "y"})
    names = ("central_id", "central_ip", "p2p_port", "api_port", "peer_id", "peer_ip", "peer_port")
    assert [page.wrong(name) for name in names] == [[True]] * 7, [page.wrong(name) for name in names]
    assert all(page.said_of(name) for name in names)
    page = two.page().press(SAVE, {"peer_id": "central-1"})
    assert page.wrong("peer_id") == [True] and "đã được dùng" in page.said_of("peer_id"), "its own id"
    page = two.add("central-2")
    assert True in page.wrong("peer_id"), "the same id twice"
    assert two.peers() == [("central-2", two.b.p2p_port)]


def test_test_connection(ground):
    two = Two(ground)
    two.add()
    wait_for(lambda: two.a.connected("central-2"), what="the peer to be connected")
    page = two.page().press(TEST)
    assert "thành công" in page.text and " ms" in page.text, page.text
    two.add("central-9", free_ports(1)[0])
    page = two.page().press(TEST, where=1)
    assert "central-9: không được. Không kết nối được tới central-9. Hãy xem địa chỉ và cổng" in page.text, page.text
    assert "thành công" not in page.text


def reason(two, peer_id):
    """What is said of that peer as its last error."""
    text = two.page().text
    found = [part.split(" Lỗi gần nhất ")[1].split(" Kiểm tra kết nối")[0] for part in text.split("Peer ID ")[1:] if " Lỗi gần nhất " in part]
    assert len(found) < 2, (peer_id, text)
    return found[0] if found else ""


def test_why_it_does_not_connect(ground):
    """In the page's language, with what to do; the API goes on saying it in English."""
    two = Two(ground)
    two.add(port=two.b.api_port)
    wait_for(lambda: "không phải central. Hãy nhập P2P Port của central-2 (thường là 9000)" in reason(two, "central-2"), what="a program that is no central")
    two.page().press(SAVE, {"peer_port": str(free_ports(1)[0])})
    wait_for(lambda: reason(two, "central-2").startswith("Không kết nối được tới central-2."), what="a port nobody listens on")
    assert "port" in two.a.peer("central-2")["last_error"]
    two.page().press(SAVE, {"peer_ip": "no-such-host.invalid"})
    wait_for(lambda: reason(two, "central-2").startswith("Không tìm thấy địa chỉ của tên máy này."), 30, what="a name without an address")
    two.page().press(SAVE, {"peer_ip": "127.0.0.1", "peer_id": "central-7", "peer_port": str(two.b.p2p_port)})
    wait_for(lambda: reason(two, "central-7").startswith("Ở địa chỉ này là central-2, không phải central-7."), what="another id")
    two.page().press(SAVE, {"peer_id": "central-2", "mesh_secret": "quite another"})
    wait_for(lambda: reason(two, "central-2").startswith(NOT_PROVEN), what="another secret")
    page = two.page().press(TEST)
    assert "không được. " + NOT_PROVEN in page.text, page.text
    page = page.follow("English").press("Test the connection")
    assert "failed. central-2 does not prove the mesh secret over TLS. Set the same mesh secret on both machines" in page.text, page.text


def test_two_that_announce_themselves_by_one_id(ground):
    """Told apart by their keys, also by what the link of each fills in."""
    c = ground.central().start()
    keys = {" ".join([digits * 4] * 8): port for digits, port in (("a", 9001), ("b", 9002))}
    with contextlib.closing(sqlite3.connect(os.path.join(c.dir, "parkmesh.db"))) as db:
        db.executemany("INSERT INTO discovered VALUES('central-2', ?, '192.0.2.7', ?)", keys.items())
        db.commit()
    page = administrator(c).get(PAGE)
    for where, (key, port) in enumerate(sorted(keys.items())):
        assert key in page.text, page.text
        assert page.follow("Thêm central-2", where).values("peer_port") == [str(port)], key
    assert page.browser.get(PAGE + "?found=central-2&key=cccc").values("peer_port") == [], "one that has gone meanwhile"


def test_the_port_is_taken(ground):
    two = Two(ground)
    deaf = "Central khác không kết nối được tới đây"
    assert deaf not in two.page().text
    two.page().press(SAVE, {"p2p_port": str(two.b.p2p_port)})
    wait_for(lambda: deaf in two.page().text, what="the page to say that the port is taken")


def fingerprint(central):
    page = administrator(central).get(PAGE).answer.text
    return page.split("<code class=\"d-block\">")[1].split("</code>")[0]


def test_a_new_key_is_confirmed(ground):
    two = Two(ground)
    two.add()
    wait_for(lambda: two.a.connected("central-2"), what="the peer to be connected")
    old, look = fingerprint(two.b), "Xem và xác nhận khóa mới"
    assert two.browser.get(PAGE + "/repin?peer_id=central-2").answer.status == 404, "nobody has shown another"
    assert two.b.stop() == 0
    shutil.rmtree(two.b.dir)
    os.makedirs(two.b.dir, mode=0o700)
    two.b.start()
    wait_for(lambda: look in two.page().links, what="the other key to be refused")
    wait_for(lambda: reason(two, "central-2").startswith("central-2 có khóa khác với khóa đã xác nhận ở đây."), what="the reason")
    new = fingerprint(two.b)
    asked = two.page().follow(look)
    assert old in asked.text and new in asked.text and old != new, asked.text
    wrong = two.browser.post(PAGE + "/repin", [("csrf", asked.values("csrf")[0]), ("peer_id", "central-2"), ("fingerprint", new[:-1])])
    assert wrong.answer.status == 400 and "tám nhóm" in wrong.text, wrong.text
    assert asked.follow("Không, quay lại").path == PAGE
    # another than the one that will be proven
    other = "0000" + new[4:]
    two.browser.post(PAGE + "/repin", [("csrf", asked.values("csrf")[0]), ("peer_id", "central-2"), ("fingerprint", other)])
    wait_for(lambda: look in two.page().links, 60, what="the key nobody confirmed to be refused again")
    assert two.a.rows.values("SELECT id FROM pins") == [] and not two.a.connected("central-2")
    asked = two.page().follow(look)
    assert "không có" in asked.text and new in asked.text
    done = asked.press("Xác nhận khóa mới")
    assert "Đã xác nhận khóa mới của central-2." in done.text and look not in done.links, done.text
    wait_for(lambda: two.a.connected("central-2"), 60, what="the new key to be taken")
    noted = [(row["who"], row["object"], row["old"], row["new"])
             for row in two.a.rows.query("SELECT * FROM audit WHERE what = 'peer_repinned' ORDER BY id")]
    assert noted == [(ADMIN, "central-2", old, other), (ADMIN, "central-2", None, new)], noted


def test_remove_asks_first(ground):
    two = Two(ground)
    two.add()
    wait_for(lambda: two.a.connected("central-2"), what="the peer to be connected")
    asked = two.page().follow(REMOVE)
    assert "central-2" in asked.text and asked.answer.status == 200
    assert two.peers() == [("central-2", two.b.p2p_port)], "asking removes nothing"
    assert asked.follow("Không, quay lại").values("peer_id") == ["central-2"]
    done = asked.press(REMOVE)
    assert two.peers() == [] and "Đã xóa" in done.text and "Danh sách Peer Centrals (0)" in done.headings, done.text
    wait_for(lambda: not two.a.connected("central-2"), what="the removed peer to be let go")
    again = asked.press(REMOVE)
    assert again.answer.status == 404, "removing it once more"


def test_its_files_are_there(ground):
    """Everything the page asks for comes from this central, and there is no inline script or style."""
    two = Two(ground)
    text = two.page().answer.text
    wanted = [part.split('"')[0] for word in ('href="', 'src="') for part in text.split(word)[1:]]
    assert any(path.endswith(".css") for path in wanted), wanted
    for path in wanted:
        if path.startswith("#"):
            continue
        assert path.startswith("/") and not path.startswith("//"), path
        answer = two.a.raw("GET", path, None, {})
        assert answer.status in (200, 303), (path, answer.status)
    assert "<style" not in text and " style=" not in text and "onclick" not in text
    assert all("src=" in part.split(">")[0] for part in text.split("<script")[1:]), "no inline script"


def test_in_english(ground):
    two = Two(ground)
    page = two.page().follow("English")
    assert page.path == PAGE and page.language == "en", (page.path, page.language)
    for heading in ("P2P network", "This central", "Peer centrals (0)"):
        assert heading in page.headings, (heading, page.headings)
    wrong = page.press("Save the P2P configuration", {"p2p_port": "x"})
    assert wrong.wrong("p2p_port") == [True] and "65535" in wrong.said_of("p2p_port"), wrong.said_of("p2p_port")
    assert "Chưa" not in wrong.text, wrong.text
    assert wrong.follow("Tiếng Việt").language == "vi"
    assert Browser(two.a).get("/login").language == "vi", "each browser has its own"


if __name__ == "__main__":
    tap.run(globals())
