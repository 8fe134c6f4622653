#!/usr/bin/python3
"""/conflicts: what does not fit together, in words with both sides, and who has looked at it, without JavaScript (spec/pages.md)."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.page import Browser                         # noqa: E402
from tests.site.people import add_user                      # noqa: E402

MINUTE = 60 * 1000
EVIL = "<img src=x onerror=alert(1)>"


class One:
    def __init__(self, ground):
        self.c = ground.central().start()
        self.people = {}
        for name, role in [("binh", "operator"), ("chi", "operator"), ("vy", "viewer")]:
            add_user(self.c, name, role)
            self.people[name] = Browser(self.c)
            self.people[name].log_in(name)

    def page(self, name="binh", query=""):
        page = self.people[name].get("/conflicts" + query)
        assert page.answer.status == 200, page.answer
        return page

    def enter(self, plate, minutes_ago, edge="edge-1"):
        return self.c.good("POST", "/api/parking/stays", {"plate_id": plate, "edge_id": edge, "entry_time": str(now_ms() - minutes_ago * MINUTE)})

    def barrier(self, plate, **more):
        return self.c.good("POST", "/api/edge/barrier/open", dict(more, plate_id=plate, edge_id="edge-2"))

    def camera(self, plate, event_id, at):
        """An exit as a camera box tells it, held back until now."""
        content = {"type": "EXIT", "camera_id": "9", "event_id": event_id, "timestamp": at / 1000, "sent_at": now_ms() / 1000,
                   "data": {"plate_text": plate, "confidence": 0.9}}
        return self.c.ask("POST", "/api/edge/event", content)

    def two_gates(self, plate):
        """One car seen by two gates: the later told is the earlier one, and is kept."""
        self.enter(plate, 10, "edge-1")
        self.enter(plate, 14, "edge-5")

    def second_exit(self, plate):
        stay = self.enter(plate, 90)["event_id"]
        self.barrier(plate, direction="EXIT")
        self.camera(plate, stay, now_ms())

    def negative(self, plate):
        stay = self.enter(plate, 30)["event_id"]
        self.camera(plate, stay, now_ms() - 45 * MINUTE)

    def looked(self):
        return self.c.rows.query("SELECT * FROM looked ORDER BY history_id")


def articles(page):
    """{plate: its text}"""
    found = {}
    for part in re.findall(r"<article.*?</article>", page.answer.text, re.S):
        found[re.search(r'<a class="plate"[^>]*>([^<]*)<', part)[1]] = " ".join(re.sub(r"<[^>]*>", " ", part).split())
    return found


def test_each_kind_in_words(ground):
    one = One(ground)
    assert "Không có xung đột nào chưa xem." in one.page("vy").text and "0 xung đột" in one.page().text
    one.two_gates("29A11111")
    one.second_exit("29A22222")
    one.barrier("29A33333", direction="EXIT", force=True)
    one.negative("29A44444")
    one.enter("29A55555", 5)
    page = one.page("vy")
    said = articles(page)
    assert sorted(said) == ["29A-111.11", "29A-222.22", "29A-333.33", "29A-444.44"] and "4 xung đột chưa xem" in page.text, said
    assert re.search(r"Hai cổng cùng ghi một xe vào.*Được giữ.*edge-5 · central-1.*Bị trùng.*edge-1 · central-1", said["29A-111.11"]), said
    assert re.search(r"Xe ra hai lần.*25.000 ₫.*Lần ra được tính.*0 ₫.*Lần ra thứ hai", said["29A-222.22"]), said
    assert re.search(r"Xe ra mà không có lượt vào.*Không có lượt vào.*0 ₫ edge-2 · central-1", said["29A-333.33"]), said
    assert re.search(r"Giờ ra trước giờ vào.*Vào .*edge-1 · central-1.*Ra ", said["29A-444.44"]), said
    kept = one.people["vy"].get([href for text, href in page.links.items() if text.startswith("Xem lượt gửi 29A-111.11")][0])
    lost = one.people["vy"].get([href for text, href in page.links.items() if text.startswith("Xem lượt vào này 29A-111.11")][0])
    assert "Trong bãi" in kept.text and "Bị trùng" in lost.text and "Được coi là cùng một xe với lượt" in lost.text
    assert kept.path in [lost.links[text] for text in lost.links if text.startswith("29A-111.11")], "and a way to the one that is kept"


def test_looked_at(ground):
    one = One(ground)
    one.two_gates("29A11111")
    one.second_exit("29A22222")
    page, stale = one.page("binh"), one.page("chi")
    done = page.press("Đã xem 29A-111.11")
    assert done.path == "/conflicts?show=open" and "Đã đánh dấu xung đột của 29A-111.11" in done.text, done.text
    assert list(articles(done)) == ["29A-222.22"] and "1 xung đột chưa xem" in done.text
    assert "Đã đánh dấu" not in one.page().text, "said once"
    everything = one.page("chi", "?show=all")
    assert "binh đã xem" in articles(everything)["29A-111.11"] and "Chưa ai xem" in articles(everything)["29A-222.22"]
    stale.press("Đã xem 29A-111.11")
    assert [row["who"] for row in one.looked()] == ["binh"], "who came second changes nothing"
    done = everything.press("Bỏ đánh dấu 29A-111.11")
    assert done.path == "/conflicts?show=all" and one.looked() == [] and "2 xung đột" in done.text
    assert one.page("chi", "?show=all").press("Đã xem 29A-222.22").answer.status == 200
    again = articles(one.page())
    assert list(again) == ["29A-111.11"]
    noted = [(row["who"], row["what"]) for row in one.c.rows.query("SELECT * FROM audit WHERE what LIKE 'conflict%' ORDER BY id")]
    assert noted == [("binh", "conflict_looked"), ("chi", "conflict_reopened"), ("chi", "conflict_looked")], noted


def test_a_conflict_that_grows_is_open_again(ground):
    one = One(ground)
    one.second_exit("29A22222")
    one.page().press("Đã xem 29A-222.22")
    assert articles(one.page()) == {}
    stay = one.c.rows.history()[0]
    one.camera("29A22222", stay["event_id"] + "x", now_ms())     # names no stay: none is open
    assert list(articles(one.page())) == ["29A-222.22"], "an exit of its own"
    assert "Xe ra mà không có lượt vào" in one.page().text


def test_solved_by_a_correction(ground):
    one = One(ground)
    one.enter("29A12345", 30)
    one.barrier("29A12346", direction="EXIT", force=True)
    page = one.page()
    row = page.follow("29A-123.46")
    row.follow("Sửa biển số").press("Sửa biển số", {"plate_id": "29A12345", "why": EVIL})
    assert articles(one.page("binh", "?show=all")) == {} and "0 xung đột" in one.page().text
    assert [(row["plate_id"], row["status"]) for row in one.c.rows.history(status="OUT")] == [("29A12345", "OUT")], "the exit found its entry"
    voided = one.c.good("POST", "/api/edge/barrier/open", {"plate_id": "29A77777", "edge_id": "edge-2", "direction": "EXIT", "force": True})
    row = one.page().follow("29A-777.77")
    row.follow("Hủy lượt gửi").press("Hủy lượt gửi", {"why": "a test"})
    assert articles(one.page("binh", "?show=all")) == {}, "%s is none any more" % voided["event_id"]


def test_many(ground):
    one = One(ground)
    for i in range(35):
        one.barrier("29A%05d" % i, direction="EXIT", force=True)
    page = one.page()
    assert list(articles(page))[:2] == ["29A-000.34", "29A-000.33"] and len(articles(page)) == 30
    rest = page.follow("Trang sau")
    assert len(articles(rest)) == 5
    done = rest.press("Đã xem 29A-000.02")
    assert done.path == rest.path and list(articles(done)) == ["29A-000.04", "29A-000.03", "29A-000.01", "29A-000.00"], "it stays on its page"
    assert len(articles(rest.follow("Về đầu danh sách"))) == 30


def test_who_may(ground):
    one = One(ground)
    one.two_gates("29A11111")
    id = one.c.rows.values("SELECT id FROM history WHERE status = 'SUPERSEDED'")[0]
    page = one.page("vy")
    assert "Đã xem" not in page.text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.answer.text)[1]
    for path in ("/conflicts/look", "/conflicts/reopen"):
        assert one.people["vy"].post(path, [("csrf", token), ("id", id)]).answer.status == 403
        assert one.people["binh"].post(path, [("id", id)]).answer.status == 403, "without the token of the form"
    own = re.search(r'name="csrf" value="([0-9a-f]+)"', one.page().answer.text)[1]
    assert one.people["binh"].post("/conflicts/look", [("csrf", own), ("id", 999)]).answer.status == 404
    kept = one.c.rows.values("SELECT id FROM history WHERE status = 'IN'")[0]
    one.people["binh"].post("/conflicts/look", [("csrf", own), ("id", kept)])
    assert one.looked() == [], "a row that is no conflict"
    assert one.people["binh"].get("/conflicts?show=x").answer.status == 400
    assert Browser(one.c).get("/conflicts").path.startswith("/login")


def test_values_are_escaped(ground):
    one = One(ground)
    one.c.good("POST", "/api/parking/stays", {"plate_id": "29A11111", "plate_view": EVIL[:31], "edge_id": EVIL, "entry_time": str(now_ms() - 9 * MINUTE)})
    one.c.good("POST", "/api/parking/stays", {"plate_id": "29A11111", "plate_view": EVIL[:31], "edge_id": EVIL, "entry_time": str(now_ms() - 12 * MINUTE)})
    page = one.page()
    assert EVIL in page.text and "<img src=x" not in page.answer.text
    for path in ("/history", "/history?status=SUPERSEDED", "/history/stay?id=1", "/history/stay?id=2", "/history/stay/correct?id=2", "/history/long?days=1"):
        assert "<img src=x" not in one.people["binh"].get(path).answer.text, path


if __name__ == "__main__":
    tap.run(globals())
