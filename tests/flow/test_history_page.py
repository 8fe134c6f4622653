#!/usr/bin/python3
"""/history, the page of a stay, and what operators do there by hand, without JavaScript (spec/pages.md)."""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import add_user                      # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE, HOUR, DAY = 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
ENTER, CORRECT, VOID, UNDO, END = "Ghi xe vào", "Sửa biển số", "Hủy lượt gửi", "Hoàn tác", "Kết thúc lượt gửi"
EVIL = "<script>alert(1)</script>&\"'"


class One:
    """A central with an operator and a viewer, each at a browser."""

    def __init__(self, ground):
        self.c = ground.central().start()
        add_user(self.c, "binh", "operator")
        add_user(self.c, "vy", "viewer")
        self.binh, self.vy = Browser(self.c), Browser(self.c)
        self.binh.log_in("binh")
        self.vy.log_in("vy")

    def enter(self, plate, ago=0, **more):
        """-> the row's number"""
        when = {"entry_time": str(now_ms() - ago)} if ago else {}
        return self.c.good("POST", "/api/parking/stays", dict(more, plate_id=plate, **when))["history_id"]

    def stay(self, id, browser=None):
        page = (browser or self.binh).get("/history/stay?id=%d" % id)
        assert page.answer.status == 200, page.answer
        return page

    def row(self, id):
        return self.c.rows.query("SELECT * FROM history WHERE id = ?", id)[0]

    def audit(self):
        return [(row["who"], row["what"]) for row in self.c.rows.query("SELECT * FROM audit WHERE what LIKE 'stay%' ORDER BY id")]


def plates(page):
    return re.findall(r'<a class="plate" href="[^"]*">([^<]*)</a>', page.answer.text)


# ---- the list

def test_the_list(ground):
    one = One(ground)
    page = one.vy.get("/history")
    assert page.answer.status == 200 and "Không có lượt gửi nào như vậy." in page.text and "Ghi xe vào" not in page.text, page.text
    for i in range(53):
        one.enter("29A%05d" % i, ago=(60 - i) * MINUTE)
    assert "Ghi xe vào" in one.binh.get("/history").links
    first = one.vy.get("/history")
    assert plates(first) == ["29A-%03d.%02d" % (i // 100, i % 100) for i in range(52, 2, -1)], plates(first)
    assert "53 lượt" in first.text
    rest = first.follow("Trang sau")
    assert plates(rest) == ["29A-000.02", "29A-000.01", "29A-000.00"] and "Trang sau" not in rest.links
    assert plates(rest.follow("Về đầu danh sách")) == plates(first)
    oldest = one.vy.get("/history?order=oldest&status=IN")
    assert plates(oldest)[:2] == ["29A-000.00", "29A-000.01"] and plates(oldest.follow("Trang sau"))[-1] == "29A-000.52"
    assert oldest.values("order") == ["oldest"] and oldest.values("status") == ["IN"]


def test_the_filter(ground):
    one = One(ground)
    inside, left = one.enter("29A11111", ago=2 * DAY), one.enter("30B22222")
    one.c.good("POST", "/api/parking/history/%d/exit" % left, {"reason": "missed", "why": "x"})
    cases = [("search=b-222", ["30B-222.22"]), ("status=IN", ["29A-111.11"]), ("status=OUT", ["30B-222.22"]), ("flagged=1", ["30B-222.22"]),
             ("central=central-1", ["30B-222.22", "29A-111.11"]), ("central=central-7", []), ("edge=edge-9", []), ("status=VOID", []),
             ("status=any&central=any&order=newest&search=&from=&to=&edge=", ["30B-222.22", "29A-111.11"])]
    day = one.row(inside)["entry_time"][:10]
    cases += [("from=%s&to=%s" % (day, day), ["29A-111.11"]), ("search=%25%25", [])]
    for query, wanted in cases:
        page = one.vy.get("/history?" + query)
        assert plates(page) == wanted, (query, plates(page))
        csv = one.vy._raw("GET", page.links["Tải CSV"], None, {"Sec-Fetch-Site": "same-origin"})
        assert csv.status == 200 and csv.text.count("\r\n") == 1 + len(wanted), (query, page.links["Tải CSV"], csv)
        assert [plate for plate in wanted if plate not in csv.text] == []
    for query, field, said in [("search=" + "A" * 30, "search", "16"), ("from=soon", "from", "2025-12-31"), ("to=2025-13-01", "to", "2025-12-31")]:
        page = one.vy.get("/history?" + query)
        assert page.answer.status == 400 and page.wrong(field) == [True] and said in page.said_of(field), page.text
        assert page.values(field) == [query.split("=")[1]], "what was typed is kept"
    page = one.vy.get("/history?search=%3Cscript%3E&edge=%22%3E%3Cb%3E&central=%3Ci%3E")
    assert page.values("search") == ["<script>"] and page.values("edge") == ['"><b>'] and page.values("central") == ["<i>"], page.answer.text
    assert "<script>" not in page.answer.text.replace('<script src="/static/', "") and "<b>" not in page.answer.text and "<i>" not in page.answer.text


# ---- one stay

def test_a_stay(ground):
    one = One(ground)
    id = one.c.good("POST", "/api/parking/stays", {"plate_id": "29A12345", "edge_id": "edge-3", "camera_type": "moto", "why": EVIL})["history_id"]
    row = one.row(id)
    page = one.stay(id, one.vy)
    assert page.title.startswith("29A-123.45") and "Trong bãi" in page.text and "edge-3 · central-1" in page.text and "Xe máy" in page.text
    assert EVIL in page.text and "<script>a" not in page.answer.text, "escaped"
    record = one.c.rows.query("SELECT * FROM records WHERE event_id = ?", row["event_id"])[0]
    assert "%s:%d" % (record["log"], record["seq"]) in page.answer.text
    for act in (CORRECT, VOID, UNDO, END):
        assert act not in page.links, "a viewer does nothing"
    assert one.vy.get("/history/stay?event=" + row["event_id"]).title == page.title, "by its name, the same on every central"
    for path in ("/history/stay", "/history/stay?id=999", "/history/stay?event=nothing"):
        assert one.vy.get(path).answer.status == 404, path
    assert one.vy.get("/history/stay?id=x").answer.status in (400, 422)


BY_ALL = "Các bản ghi của central này đã có trên mọi central."
NOT_YET = "Chưa rõ các bản ghi của central này đã có trên đa số (quorum) central hay chưa."


def test_where_it_is_held(ground):
    """By what peers say, in words; one that cannot be known of is not said to hold anything."""
    site = ground.site(2).start()
    add_user(site[0], "vy", "viewer")
    vy = Browser(site[0])
    vy.log_in("vy")
    id = site[0].good("POST", "/api/parking/stays", {"plate_id": "29A12345"})["history_id"]

    def held():
        page = vy.get("/history/stay?id=%d" % id).text
        return " ".join(re.search("Được giữ ở(.*) Bản ghi Xe vào", page)[1].split())
    wait_for(lambda: held() == "central-1 Central này, đủ 1 bản ghi central-2 Đủ 1 bản ghi " + BY_ALL, what=held)
    victim = site[0].pid("fcgi")
    site[0].kill("fcgi")
    site[0].wait_back("fcgi", victim)
    site[0].good("PUT", "/api/parking/history/%d" % id, {"plate_id": "29A54321", "plate_view": ""})
    wait_for(lambda: held().endswith("central-2 Đủ 2 bản ghi " + BY_ALL), what=held)
    site[1].stop()
    site[0].good("DELETE", "/api/parking/history/%d" % id)
    wait_for(lambda: held().endswith("central-2 Mới có 2 trong 3 bản ghi Đang mất kết nối; theo lần kết nối gần nhất. " + NOT_YET), what=held)
    site[1].start()
    wait_for(lambda: held().endswith("central-2 Đủ 3 bản ghi " + BY_ALL), what=held)


def test_correcting_and_undoing(ground):
    one = One(ground)
    id = one.enter("29A12345")
    form = one.stay(id).follow(CORRECT)
    assert form.values("plate_id") == ["29A-123.45"]
    for typed, field, said in [({"plate_id": "", "why": "misread"}, "plate_id", "Hãy nhập"), ({"plate_id": "12", "why": "misread"}, "plate_id", "ít nhất 6"),
                               ({"plate_id": "1" * 20, "why": "misread"}, "plate_id", "nhiều nhất 16"), ({"plate_id": "29A54321", "why": " "}, "why", "Hãy ghi lý do"),
                               ({"plate_id": "29A54321", "why": "x" * 501}, "why", "500")]:
        wrong = form.press(CORRECT, typed)
        assert wrong.answer.status == 400 and wrong.wrong(field) == [True] and said in wrong.said_of(field), (typed, wrong.text)
        assert wrong.values("plate_id") == [typed["plate_id"]] and wrong.values("why") == [typed["why"]], "what was typed is kept"
    assert one.row(id)["plate_id"] == "29A12345"
    done = form.press(CORRECT, {"plate_id": "29a-543.21", "why": EVIL})
    assert done.path == "/history/stay?id=%d" % id and "Đã sửa biển số thành 29A-543.21." in done.text, done.text
    assert one.row(id)["plate_id"] == "29A54321" and "29A-123.45 → 29A-543.21" in done.text and EVIL in done.text
    assert "Đã sửa biển số thành" not in one.stay(id).text, "said once"
    undo = one.stay(id).follow(UNDO)
    assert "trở lại là 29A-123.45" in undo.text
    done = undo.press(UNDO)
    assert one.row(id)["plate_id"] == "29A12345" and "Đã hoàn tác" in done.text
    assert one.audit() == [("binh", "stay_corrected")] * 2
    assert json.loads(one.c.rows.values("SELECT payload FROM records WHERE type = 'HISTORY_UPDATE'")[0])["data"]["by"] == "binh"
    done = one.stay(id).follow(CORRECT).press(CORRECT, {"plate_id": "29b1-1234", "why": "a motorbike"})
    assert one.row(id)["plate_view"] == "29B1-1234", "as it was written"


def test_voiding_and_undoing(ground):
    one = One(ground)
    id = one.enter("29A12345")
    ask = one.stay(id).follow(VOID)
    assert ask.press(VOID).wrong("why") == [True] and one.row(id)["status"] == "IN"
    done = ask.press(VOID, {"why": "a test"})
    assert one.row(id)["status"] == "VOID" and "Đã hủy" in done.text and VOID not in done.links and END not in done.links
    assert plates(one.binh.get("/history")) == [] and plates(one.binh.get("/history?status=VOID")) == ["29A-123.45"]
    done = done.follow(UNDO).press(UNDO)
    assert one.row(id)["status"] == "IN" and one.row(id)["plate_view"] == "29A-123.45" and UNDO not in done.links, done.links
    assert one.audit() == [("binh", "stay_voided"), ("binh", "stay_corrected")]


def test_ending(ground):
    one = One(ground)
    id = one.enter("29A12345", ago=3 * HOUR)
    ask = one.stay(id).follow(END)
    assert "75.000 ₫" in ask.text, "what it owes: " + ask.text
    for typed, field in [({"fee": "much", "why": "x"}, "fee"), ({"fee": "25.5", "why": "x"}, "fee"), ({"fee": "-1", "why": "x"}, "fee"),
                         ({"fee": "5.000", "why": "x"}, "fee"), ({"fee": ""}, "why")]:
        wrong = ask.press(END, typed)
        assert wrong.answer.status == 400 and wrong.wrong(field) == [True] and wrong.values("fee") == [typed["fee"]], (typed, wrong.text)
    assert one.row(id)["status"] == "IN"
    done = ask.press(END, {"reason": "forced", "fee": "60.000 ₫", "why": "card reader broken"})
    row = one.row(id)
    assert (row["status"], row["fee"], row["exit_reason"]) == ("OUT", 60000, "forced") and "60.000 ₫" in done.text, done.text
    assert "card reader broken" in done.text and END not in done.links and one.audit() == [("binh", "stay_ended")]
    id = one.enter("29A22222", ago=3 * HOUR)
    one.stay(id).follow(END).press(END, {"reason": "normal", "why": "x"})
    assert one.row(id)["fee"] == 75000, "by the tariff"
    id = one.enter("29A33333", ago=3 * HOUR)
    done = one.stay(id).follow(END).press(END, {"why": "seen outside"})
    assert one.row(id)["fee"] == 0 and "Không ghi nhận lúc ra" in done.text, "missed is what is offered first"


def test_entering(ground):
    one = One(ground)
    form = one.binh.get("/history").follow(ENTER)
    assert form.press(ENTER).wrong("plate_id") == [True]
    wrong = form.press(ENTER, {"plate_id": "29A12345", "entry_time": "yesterday", "why": "x"})
    assert wrong.wrong("entry_time") == [True] and wrong.values("entry_time") == ["yesterday"] and wrong.values("plate_id") == ["29A12345"]
    wrong = form.press(ENTER, {"plate_id": "29A12345", "entry_time": "2099-01-01T10:00", "why": "x"})
    assert wrong.wrong("entry_time") == [True] and "chưa tới" in wrong.said_of("entry_time")
    done = form.press(ENTER, {"plate_id": "29A-123.45", "camera_type": "moto", "why": "muddy plate"})
    assert "Đã ghi xe 29A-123.45 vào bãi." in done.text and done.path.startswith("/history/stay?id="), done.text
    again = form.press(ENTER, {"plate_id": "29A12345", "why": "again"})
    assert again.answer.status == 409 and "đang ở trong bãi từ" in again.text and again.values("why") == ["again"], again.text
    assert "Xem lượt gửi đang mở" in again.links and len(one.c.rows.history()) == 1
    done = again.press(ENTER, {"force": True})
    assert [row["status"] for row in one.c.rows.history()] == ["OUT", "IN"] and "Đã ghi xe" in done.text
    assert one.audit() == [("binh", "stay_entered")] * 2


# ---- several people

def test_who_may(ground):
    one = One(ground)
    id = one.enter("29A12345")
    for path in ["/history/stay/%s?id=%d" % (act, id) for act in ("correct", "void", "undo", "end")] + ["/history/enter", "/history/long/end?days=3"]:
        assert one.vy.get(path).answer.status == 403, path
        assert Browser(one.c).get(path).path.startswith("/login"), path
        assert administrator(one.c).get(path).answer.status == 200, path
    for act in ("correct", "void", "undo", "end"):
        page = one.binh.get("/history/stay/%s?id=%d" % (act, id))
        fields = [("id", id), ("seen", "IN 29A-123.45"), ("plate_id", "30A99999"), ("reason", "missed"), ("why", "x")]
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', one.vy.get("/history").answer.text)[1]
        assert one.vy.post("/history/stay/" + act, fields + [("csrf", token)]).answer.status == 403, act
        assert one.binh.post("/history/stay/" + act, fields).answer.status == 403, "without the token of the form"
        assert page.answer.status == 200
    assert len(one.c.rows.query("SELECT * FROM history_changes WHERE history_id = ? AND changed_by = 'vy'", id)) == 0
    assert one.row(id)["status"] == "IN" and one.row(id)["plate_id"] == "29A12345" and one.audit() == []
    assert one.vy.get("/history/long").answer.status == 200
    for act in ("correct", "void", "undo", "end"):
        assert one.binh.get("/history/stay/%s?id=999" % act).answer.status == 404


def test_two_operators_at_once(ground):
    one = One(ground)
    id = one.enter("29A12345")
    anna = administrator(one.c)
    first, second, third = one.stay(id).follow(CORRECT), anna.get("/history/stay/correct?id=%d" % id), anna.get("/history/stay/void?id=%d" % id)
    ending, also_ending = one.stay(id).follow(END), anna.get("/history/stay/end?id=%d" % id)
    first.press(CORRECT, {"plate_id": "29A11111", "why": "first"})
    late = second.press(CORRECT, {"plate_id": "29A22222", "why": "second"})
    assert late.answer.status == 409 and "Người khác vừa sửa" in late.text and "29A-111.11" in late.text, late.text
    assert late.values("plate_id") == ["29A22222"] and late.values("why") == ["second"], "what was typed is kept"
    assert one.row(id)["plate_id"] == "29A11111"
    assert third.press(VOID, {"why": "x"}).answer.status == 409 and one.row(id)["status"] == "IN"
    late.press(CORRECT)
    assert one.row(id)["plate_id"] == "29A22222", "it can be said again"
    assert ending.press(END, {"why": "x"}).answer.status == 409, "the plate is another one than was seen"
    ending = one.stay(id).follow(END)
    also_ending = anna.get("/history/stay/end?id=%d" % id)
    ending.press(END, {"why": "x"})
    late = also_ending.press(END, {"why": "y"})
    assert late.answer.status == 409 and "Người khác vừa sửa" in late.text and len(one.c.rows.exits()) == 1, late.text
    undo = one.stay(id).follow(UNDO)
    assert "29A-111.11" in undo.text
    undo.press(UNDO)
    assert undo.press(UNDO).answer.status == 409 and one.row(id)["plate_id"] == "29A11111"


# ---- forgotten stays

def test_long_stays(ground):
    one = One(ground)
    long = one.vy.get("/history/long")
    assert "Không có xe nào gửi lâu như vậy." in long.text and "Kết thúc tất cả" not in long.links
    for i in range(75):
        one.enter("29A%05d" % i, ago=10 * DAY - i * MINUTE)
    young = one.enter("30A11111", ago=2 * DAY)
    page = one.binh.get("/history").follow("Xe gửi lâu")
    assert "75 xe" in page.text and plates(page)[0] == "29A-000.00" and len(plates(page)) == 50
    assert plates(page.follow("Trang sau"))[-1] == "29A-000.74"
    assert len(plates(one.binh.get("/history/long?days=1&after=0-0"))) == 50
    for days in ("0", "x", "99999", "-1"):
        wrong = one.binh.get("/history/long?days=" + days)
        assert wrong.answer.status == 400 and wrong.wrong("days") == [True] and wrong.values("days") == [days], days
    assert "Kết thúc tất cả" not in one.vy.get("/history/long").links
    ask = page.follow("Kết thúc tất cả")
    assert "75 xe" in ask.text and len(one.c.rows.exits()) == 0
    assert ask.press("Kết thúc 75 lượt").wrong("why") == [True] and len(one.c.rows.exits()) == 0
    one.c.good("POST", "/api/parking/history/1/exit", {"reason": "missed", "why": "meanwhile"})
    done = ask.press("Kết thúc 75 lượt", {"why": "forgotten"})
    assert "Đã kết thúc 74 lượt." in done.text and done.path == "/history/long?days=3", done.text
    assert "Đã kết thúc" not in one.binh.get("/history/long").text, "said once"
    assert one.c.rows.values("SELECT id FROM history WHERE status = 'IN'") == [young]
    assert one.c.rows.values("SELECT DISTINCT exit_reason || fee FROM history WHERE status = 'OUT'") == ["missed0"]
    assert len(one.c.rows.exits()) == 75 and one.audit().count(("binh", "stay_ended")) == 74
    again = ask.press("Kết thúc 75 lượt", {"why": "pressed twice"})
    assert "Đã kết thúc 0 lượt." in again.text and len(one.c.rows.exits()) == 75
    new = one.enter("31A11111")
    forged = one.binh.get("/history/long/end?days=1").answer.text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', forged)[1]
    one.binh.post("/history/long/end", [("csrf", token), ("days", 1), ("before", now_ms() + DAY), ("why", "x")])
    assert one.row(new)["status"] == "IN", "a day at least, whatever is sent"
    assert one.row(young)["status"] == "OUT"


if __name__ == "__main__":
    tap.run(globals())
