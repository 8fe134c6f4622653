#!/usr/bin/python3
"""/settings/fees, /settings/subscriptions, /settings/staff and /settings/edges as people use them, without JavaScript (spec/pages.md)."""
import os
import re
import sys
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import add_user                      # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

FEES, SUBSCRIPTIONS, STAFF, EDGES = "/settings/fees", "/settings/subscriptions", "/settings/staff", "/settings/edges"
SAVE, SAVE_FEES, TRY, FIND = "Lưu", "Lưu giá vé", "Tính thử", "Tìm"
NEW, NEW_STAFF, REMOVE, REMOVE_STAFF = "Thêm vé tháng", "Thêm nhân viên", "Xóa vé tháng", "Xóa nhân viên"
NASTY = "'; DROP TABLE settings; -- <script>alert(1)</script> \"{{t.list.find}}\" đ 🚗"
CHANGED = "người khác vừa sửa mục này"
VIETNAM = timezone(timedelta(hours=7))


def one(ground):
    """All play on one central, that has people of each role."""
    central = ground.central().start()
    for name, role in (("xem", "viewer"), ("gac", "operator"), ("binh", "admin")):
        add_user(central, name, role)
    return central


def day(days):
    return (datetime.now(VIETNAM) + timedelta(days=days)).strftime("%Y-%m-%d")


def put(central, path, items):
    central.good("PUT", path, {path.rsplit("/", 1)[1]: items})


def subscription(id, plate, **more):
    return dict({"id": id, "plate_number": plate, "status": "active"}, **more)


def subscriptions(central):
    return central.good("GET", "/api/subscriptions")["subscriptions"]


def deeds(central, what):
    return central.rows.query("SELECT who, object, old, new FROM audit WHERE what = '%s' ORDER BY id" % what)


# ---- who may

def test_each_role_sees_what_it_may(ground):
    c = one(ground)
    put(c, "/api/subscriptions", [subscription("s1", "29A-123.45")])
    put(c, "/api/staff", [{"id": "p1", "name": "Chị Hoa"}])
    looks = (FEES, SUBSCRIPTIONS, STAFF)
    changes = (SUBSCRIPTIONS + "/edit", SUBSCRIPTIONS + "/edit?id=s1", SUBSCRIPTIONS + "/remove?id=s1", STAFF + "/edit",
               STAFF + "/remove?id=p1", EDGES, EDGES + "/edit", EDGES + "/remove?edge_id=e")
    for name in ("xem", "gac"):
        browser = Browser(c)
        browser.log_in(name)
        for path in looks:
            page = browser.get(path)
            assert page.answer.status == 200, (name, path, page.answer)
            assert not set(page.links) & {"Sửa", "Xóa", NEW, NEW_STAFF} and not page.values("version"), (path, page.links)
        token = browser.get(FEES).values("csrf")[0]
        for path in changes:
            assert browser.get(path).answer.status == 403, (name, path)
        for path in (FEES, SUBSCRIPTIONS + "/edit", SUBSCRIPTIONS + "/remove", STAFF + "/edit", STAFF + "/remove", EDGES + "/edit",
                     EDGES + "/token", EDGES + "/remove"):
            fields = [("csrf", token), ("act", "save"), ("id", "s1"), ("edge_id", "e"), ("per_hour", "1"), ("free_minutes", "1")]
            assert browser.post(path, fields).answer.status == 403, (name, path)
    for path in looks + changes[:5]:
        assert Browser(c).get(path).path.startswith("/login"), path
    assert len(subscriptions(c)) == 1 and deeds(c, "setting_changed") == []
    boss = administrator(c)
    for path in looks + changes[:5] + (EDGES, EDGES + "/edit"):
        assert boss.get(path).answer.status == 200, path


# ---- fees

def test_fees_are_tried_and_saved(ground):
    c = one(ground)
    browser = administrator(c)
    page = browser.get(FEES)
    assert "Chưa ai đổi giá" in page.text and page.values("free_minutes") == ["30"] and page.values("per_hour") == ["25.000"], page.text
    assert "1 giờ 40 phút 50.000 ₫" in page.text, "a car that stays 1 h 40 pays: %s" % page.text
    tried = page.press(TRY, {"per_hour": "10.000", "daily_max": "90 000"})
    assert "1 giờ 40 phút 50.000 ₫ 20.000 ₫" in tried.text and tried.values("per_hour") == ["10.000"], tried.text
    assert c.good("GET", "/api/parking/fees")["fees"]["fee_per_hour"] == 25000, "tried, not saved"
    done = tried.press(SAVE_FEES)
    assert done.path == FEES and "Đã lưu giá vé." in done.text and "central-1" in done.text, done.text
    assert "Đổi lần cuối: " in done.text and "· anna ·" in done.text and "20.000 ₫" in done.text, done.text
    assert c.good("GET", "/api/parking/fees")["fees"] == {"fee_base": 0.5, "fee_per_hour": 10000, "fee_daily_max": 90000,
                                                          "fee_overnight": 0}
    browser.get(FEES).press(SAVE_FEES, {"free_minutes": "7,5", "daily_max": ""})
    fees = c.good("GET", "/api/parking/fees")["fees"]
    assert (fees["fee_base"], fees["fee_daily_max"]) == (0.125, 0), fees
    assert browser.get(FEES).values("free_minutes") == ["7,5"]
    noted = deeds(c, "setting_changed")
    assert [(row["who"], row["object"]) for row in noted] == [("anna", "tariff")] * 2 and '"fee_per_hour":25000' in noted[0]["old"], noted


def test_fees_refused_keep_what_was_typed(ground):
    c = one(ground)
    browser = administrator(c)
    for field, texts in (("per_hour", ("", "-1", "2.5", "25.00", "1,2345", "25000đ", ".", "1e3", "99999999999999", NASTY)),
                         ("free_minutes", ("", "-3", "abc", "525601", "1,2,3", "nan", "0x10", NASTY)), ("daily_max", ("x", "10.5"))):
        for text in texts:
            page = browser.get(FEES).press(SAVE_FEES, {field: text})
            assert page.answer.status == 400 and page.wrong(field) == [True], (field, text, page.answer)
            assert page.values(field) == [text] and len(page.said_of(field)) > 10, (field, text, page.values(field))
            assert "<script>" not in page.answer.text
    assert deeds(c, "setting_changed") == []


def test_fees_two_at_once(ground):
    c = one(ground)
    first, second = administrator(c).get(FEES), Browser(c)
    second.log_in("binh")
    late = second.get(FEES)
    first.press(SAVE_FEES, {"per_hour": "30000"})
    told = late.press(SAVE_FEES, {"per_hour": "40000"})
    assert told.answer.status == 409 and CHANGED in told.text and told.values("per_hour") == ["40000"], told.text
    assert "30.000 ₫" in told.text, "what is held now is shown"
    assert c.good("GET", "/api/parking/fees")["fees"]["fee_per_hour"] == 30000
    told.press(SAVE_FEES)
    assert c.good("GET", "/api/parking/fees")["fees"]["fee_per_hour"] == 40000, "having seen it he may"


def test_fees_are_seen_on_another_central(ground):
    site = ground.site(2).start()
    here, there = administrator(site[0]), administrator(site[1])
    here.get(FEES).press(SAVE_FEES, {"per_hour": "12.000"})
    wait_for(lambda: "12.000 ₫" in there.get(FEES).text, what="the fee at the other central")
    page = there.get(FEES)
    assert "Đổi lần cuối: " in page.text and "· anna · %s" % site[0].id in page.text, page.text
    stale = there.get(FEES)
    here.get(FEES).press(SAVE_FEES, {"per_hour": "13.000"})
    wait_for(lambda: "13.000 ₫" in there.get(FEES).text, what="the second fee at the other central")
    assert stale.press(SAVE_FEES, {"per_hour": "14.000"}).answer.status == 409, "changed elsewhere meanwhile"


# ---- subscriptions

def test_subscriptions_add_edit_remove(ground):
    c = one(ground)
    browser = administrator(c)
    empty = browser.get(SUBSCRIPTIONS)
    assert "Chưa có vé tháng nào." in empty.text
    form = empty.follow(NEW)
    done = form.press(SAVE, {"plate_number": "29a-123.45", "owner_name": "Nguyễn Đức", "start_date": day(-1), "end_date": day(30),
                             "phone": "0901", "note": "dòng 1\r\ndòng 2"})
    assert done.path == SUBSCRIPTIONS and "Đã thêm vé tháng của 29a-123.45." in done.text and "Còn hạn" in done.text, done.text
    held = subscriptions(c)
    assert len(held) == 1 and held[0]["note"] == "dòng 1\ndòng 2" and held[0]["status"] == "active", held
    assert "Nguyễn Đức" in str(c.detect("edge-1", "29A12345")), "at the gate"
    put(c, "/api/subscriptions", [dict(held[0], colour="đỏ")])
    edit = browser.get(SUBSCRIPTIONS).follow("Sửa 29a-123.45")
    assert edit.values("owner_name") == ["Nguyễn Đức"] and edit.values("note") == ["dòng 1\ndòng 2"], edit.text
    edit.press(SAVE, {"owner_name": "Trần Bình", "status": "inactive"})
    assert subscriptions(c)[0] == dict(held[0], owner_name="Trần Bình", status="inactive", colour="đỏ"), "further members stay"
    assert "Tạm ngưng" in browser.get(SUBSCRIPTIONS).text
    asked = browser.get(SUBSCRIPTIONS).follow("Xóa 29a-123.45")
    assert "29a-123.45" in asked.text and len(subscriptions(c)) == 1
    gone = asked.press(REMOVE)
    assert "Đã xóa vé tháng của 29a-123.45." in gone.text and subscriptions(c) == []
    key = "subscription/" + held[0]["id"]
    assert [row["object"] for row in deeds(c, "setting_changed")] == [key] * 2 and deeds(c, "setting_removed")[0]["object"] == key
    assert browser.get(SUBSCRIPTIONS + "/edit?id=" + held[0]["id"]).answer.status == 404
    assert browser.get(SUBSCRIPTIONS + "/remove?id=" + held[0]["id"]).answer.status == 404


def test_subscriptions_states_and_search(ground):
    c = one(ground)
    put(c, "/api/subscriptions", [
        subscription("a", "29A-111.11", owner_name="Nguyễn Đức", end_date=day(-1)),
        subscription("b", "30B-222.22", owner_name="Trần Ánh", end_date=day(6)),
        subscription("c", "31C-333.33", owner_name="Lê An", start_date=day(1)),
        subscription("d", "32D-444.44", owner_name="Phạm Ân", end_date=day(0)),
        subscription("e", "33E-555.55", owner_name=NASTY, status="stolen"),
        subscription("f", "34F-666.66", end_date=day(7))])
    browser = administrator(c)

    def plates(query):
        page = browser.get(SUBSCRIPTIONS + query)
        assert page.answer.status == 200, page.answer
        return re.findall(r'plate-text">([^<]*)<', page.answer.text)

    every = [row["plate_number"] for row in sorted(subscriptions(c), key=lambda row: row["plate_number"])]
    assert plates("") == every == plates("?q=&state=") == plates("?q=&state=all"), "sorted by plate"
    for query, wanted in (("?q=nguyen+duc", "29A"), ("?q=AN", "30B 31C 32D"), ("?q=333", "31C"), ("?q=31c-333.33", "31C"), ("?q=zzz", ""),
                          ("?q=drop+table", "33E"), ("?q=%25", ""), ("?state=over", "29A"), ("?state=soon", "32D 30B"),
                          ("?state=in_force", "30B 32D 34F"), ("?state=off", "31C 33E"), ("?state=soon&q=an", "32D 30B")):
        assert [plate[:3] for plate in plates(query)] == wanted.split(), (query, plates(query))
    assert "Không tìm thấy mục nào." in browser.get(SUBSCRIPTIONS + "?q=zzz").text
    page = browser.get(SUBSCRIPTIONS)
    for word in ("Hết hạn", "Sắp hết hạn", "Chưa bắt đầu", "Tạm ngưng"):
        assert word in page.text, word
    assert "<script>" not in page.answer.text and "DROP TABLE" in page.text and "{{t.list.find}}" in page.text
    kept = browser.get(SUBSCRIPTIONS + "/edit?id=e")
    assert kept.values("status") == ["stolen"] and kept.values("owner_name") == [NASTY], kept.values("status")
    kept.press(SAVE)
    assert [row for row in subscriptions(c) if row["id"] == "e"][0]["status"] == "stolen", "what is not known is kept"
    assert browser.get(SUBSCRIPTIONS + "?state=nonsense").answer.status == 400


def test_subscriptions_refused_keep_what_was_typed(ground):
    c = one(ground)
    browser = administrator(c)
    good = {"plate_number": "29A-123.45", "start_date": "2025-01-02", "end_date": "2025-01-03", "owner_name": NASTY}
    for field, text in (("plate_number", ""), ("plate_number", "  "), ("plate_number", "29A12"), ("plate_number", "<b>"),
                        ("start_date", "2025-02-30"), ("end_date", "mai"), ("end_date", "2025-01-01"), ("owner_name", "ă" * 101),
                        ("plate_number", "A\nB12345"), ("phone", "0" * 65), ("note", "x" * 3001)):
        page = browser.get(SUBSCRIPTIONS + "/edit").press(SAVE, dict(good, **{field: text}))
        assert page.answer.status == 400 and page.wrong(field) == [True], (field, text, page.answer)
        assert page.values("owner_name") == [text if field == "owner_name" else NASTY], "typed is kept"
        assert "<script>" not in page.answer.text
    assert subscriptions(c) == []


def test_subscriptions_two_at_once(ground):
    c = one(ground)
    put(c, "/api/subscriptions", [subscription("s", "29A-123.45", owner_name="An"), subscription("t", "30A-123.45")])
    first, second = administrator(c), Browser(c)
    second.log_in("binh")
    late, asked = second.get(SUBSCRIPTIONS + "/edit?id=s"), second.get(SUBSCRIPTIONS + "/remove?id=s")
    other = second.get(SUBSCRIPTIONS + "/edit?id=t")
    first.get(SUBSCRIPTIONS + "/edit?id=s").press(SAVE, {"owner_name": "Bình"})
    assert "Đã lưu" in other.press(SAVE, {"owner_name": "Dung"}).text, "another item is nobody else's business"
    told = late.press(SAVE, {"owner_name": "Chi", "note": "của tôi"})
    assert told.answer.status == 409 and CHANGED in told.text and "Bình" in told.text, told.text
    assert told.values("owner_name") == ["Chi"] and told.values("note") == ["của tôi"], "typed is kept"
    refused = asked.press(REMOVE)
    assert refused.path == SUBSCRIPTIONS and "Chưa xóa gì" in refused.text and len(subscriptions(c)) == 2, refused.text
    assert "Đã lưu" in told.press(SAVE).text and subscriptions(c)[0]["owner_name"] == "Chi"
    late = second.get(SUBSCRIPTIONS + "/edit?id=s")
    first.get(SUBSCRIPTIONS + "/remove?id=s").press(REMOVE)
    told = late.press(SAVE, {"owner_name": "Em"})
    assert told.answer.status == 409 and "vừa xóa mục này" in told.text and told.values("owner_name") == ["Em"], told.text
    assert "Đã lưu" in told.press(SAVE).text and subscriptions(c)[0]["owner_name"] == "Em"


def test_ten_thousand_subscriptions(ground):
    c = one(ground)
    put(c, "/api/subscriptions", [subscription("%05d" % n, "29A-%05d" % n, owner_name="Chủ xe số %d" % n, end_date=day(n % 400 - 200))
                                  for n in range(10000)])
    browser = administrator(c)
    page = browser.get(SUBSCRIPTIONS)
    assert "1–50 trong 10.000" in page.text and page.answer.text.count("plate-text") == 50, page.text[:500]
    older = page.follow("Trang sau")
    assert "51–100 trong 10.000" in older.text and "29A-00050" in older.text
    last = browser.get(SUBSCRIPTIONS + "?offset=9950")
    assert "9.951–10.000 trong 10.000" in last.text and "Trang sau" not in last.links and "29A-09999" in last.text
    assert browser.get(SUBSCRIPTIONS + "?offset=10000").answer.status == 200
    found = browser.get(SUBSCRIPTIONS + "?q=so+9999")
    assert found.answer.text.count("plate-text") == 1 and "29A-09999" in found.text
    full = browser.get(SUBSCRIPTIONS + "/edit").press(SAVE, {"plate_number": "30A-123.45"})
    assert full.answer.status == 400 and "10.000 mục" in full.text and full.values("plate_number") == ["30A-123.45"], full.text
    assert "Đã lưu" in browser.get(SUBSCRIPTIONS + "/edit?id=00007").press(SAVE, {"owner_name": "Bảy"}).text
    browser.get(SUBSCRIPTIONS + "/remove?id=00008").press(REMOVE)
    assert "Đã thêm" in browser.get(SUBSCRIPTIONS + "/edit").press(SAVE, {"plate_number": "30A-123.45"}).text
    changed = c.rows.value("SELECT count(*) FROM records WHERE type = 'CONFIG_UPDATE'")
    assert changed == 10003, "one record a change: %s" % changed


# ---- staff

def test_staff(ground):
    c = one(ground)
    browser = administrator(c)
    empty = browser.get(STAFF)
    assert "Chưa có nhân viên nào." in empty.text
    wrong = empty.follow(NEW_STAFF).press(SAVE, {"name": " ", "role": "bảo vệ"})
    assert wrong.answer.status == 400 and wrong.wrong("name") == [True] and wrong.values("role") == ["bảo vệ"], wrong.text
    done = wrong.press(SAVE, {"name": NASTY})
    assert done.path == STAFF and "Đã thêm" in done.text and "<script>" not in done.answer.text and NASTY in done.text, done.text
    browser.get(STAFF + "/edit").press(SAVE, {"name": "Đặng Ánh", "role": "thu ngân", "phone": "0912 345"})
    for query, count in (("?q=dang", 1), ("?q=thu+ngan", 1), ("?q=0912", 1), ("?q=zz", 0), ("", 2)):
        assert browser.get(STAFF + query).answer.text.count('href="/settings/staff/remove') == count, query
    asked = browser.get(STAFF).follow("Xóa Đặng Ánh")
    assert "Đặng Ánh" in asked.text
    assert "Đã xóa Đặng Ánh." in asked.press(REMOVE_STAFF).text
    assert [row["name"] for row in c.good("GET", "/api/staff")["staff"]] == [NASTY]
    late = browser.get(STAFF).follow("Sửa " + NASTY)
    browser.get(STAFF).follow("Sửa " + NASTY).press(SAVE, {"role": "một"})
    told = late.press(SAVE, {"role": "hai"})
    assert told.answer.status == 409 and told.values("role") == ["hai"] and "một" in told.text, told.text


# ---- gates

MAKE, REPLACE, REMOVE_GATE = "Tạo mã truy cập", "Thay mã", "Xóa cổng"
TOKEN = re.compile(r'readonly>([0-9a-f]{64})<')


def asked_by(central, token, edge="edge-7"):
    """What a gate with that token is answered, from this machine."""
    return central.ask("POST", "/api/edge/barrier/close", {"edge_id": edge, "plate_id": "29A12345"}, Authorization="Bearer " + token)[0]


def test_gates_and_their_tokens(ground):
    c = one(ground)
    browser = administrator(c)
    empty = browser.get(EDGES)
    assert "Chưa đặt cổng nào." in empty.text and "Chính máy chủ này được tin." in empty.text, empty.text
    done = empty.follow("Thêm cổng").press(SAVE, {"edge_id": "edge-7", "edge_name": NASTY, "lane": "ENTRY"})
    assert done.path == EDGES and "Đã thêm cổng edge-7." in done.text and "Chỉ vào" in done.text and NASTY in done.text, done.text
    assert "<script>" not in done.answer.text
    shown = done.follow(MAKE + " edge-7").press(MAKE)
    token = TOKEN.search(shown.answer.text).group(1)
    assert shown.answer.headers["cache-control"] == "no-store" and "chỉ hiện một lần" in shown.text, shown.text
    assert token not in browser.get(EDGES).answer.text and token not in str(browser.cookies), "shown once"
    assert asked_by(c, token) == 200 and asked_by(c, "0" * 64) == 401 and asked_by(c, token, "edge-8") == 403
    asked = browser.get(EDGES).follow(REPLACE + " edge-7")
    assert "Mã cũ hết hiệu lực ngay" in asked.text and asked_by(c, token) == 200, "asked first"
    second = TOKEN.search(asked.press(MAKE).answer.text).group(1)
    assert asked_by(c, token) == 401 and asked_by(c, second) == 200
    gone = browser.get(EDGES).follow("Xóa edge-7").press(REMOVE_GATE)
    assert "Đã xóa cổng edge-7" in gone.text and asked_by(c, second) == 401
    noted = c.rows.query("SELECT what, who, object, old, new FROM audit WHERE what LIKE 'edge%' ORDER BY id")
    assert [row["what"] for row in noted] == ["edge_set", "edge_token_made", "edge_token_replaced", "edge_removed"], noted
    assert all((row["who"], row["object"]) == ("anna", "edge-7") for row in noted)
    assert token not in str(noted) and second not in str(noted)
    with open(c.output, encoding="utf-8") as f:
        assert token not in f.read(), "a token is never logged"


def test_gates_that_were_only_heard_of(ground):
    c = one(ground)
    assert c.ask("POST", "/api/edge/heartbeat", {"camera_id": "5", "camera_name": "Cam", "camera_type": "car", "status": "online",
                                                 "events_sent": 0, "events_failed": 0, "timestamp": 1})[0] == 200
    browser = administrator(c)
    page = browser.get(EDGES)
    assert "Cổng đang gửi tin nhưng chưa được đặt" in page.headings and "edge-5" in page.text and "Đang hoạt động" in page.text, page.text
    form = page.follow("Đặt edge-5")
    assert form.values("edge_id") == ["edge-5"]
    done = form.press(SAVE, {"edge_name": "Cổng Bắc"})
    assert "Cổng đang gửi tin" not in done.text and "Cổng Bắc" in done.text and "Đang hoạt động" in done.text


def test_gates_refused_and_two_at_once(ground):
    c = one(ground)
    browser, other = administrator(c), Browser(c)
    other.log_in("binh")
    for fill, field in (({"edge_id": ""}, "edge_id"), ({"edge_id": "e" * 64}, "edge_id"), ({"edge_id": "e", "edge_name": "đ" * 64}, "edge_name")):
        page = browser.get(EDGES + "/edit").press(SAVE, dict({"edge_name": "n"}, **fill))
        assert page.answer.status == 400 and page.wrong(field) == [True], (fill, page.answer)
        assert page.values("edge_name") == [fill.get("edge_name", "n")]
    browser.get(EDGES + "/edit").press(SAVE, {"edge_id": "e"})
    again = browser.get(EDGES + "/edit").press(SAVE, {"edge_id": "e", "edge_name": "hai"})
    assert again.answer.status == 409 and again.wrong("edge_id") == [True] and again.values("edge_name") == ["hai"], again.text
    late, token, remove = (other.get(EDGES + "/%s?edge_id=e" % what) for what in ("edit", "token", "remove"))
    browser.get(EDGES + "/edit?edge_id=e").press(SAVE, {"edge_name": "của anna", "lane": "EXIT"})
    told = late.press(SAVE, {"edge_name": "của binh"})
    assert told.answer.status == 409 and CHANGED in told.text and told.values("edge_name") == ["của binh"], told.text
    assert "của anna" in told.text and "Chỉ ra" in told.text
    for page, label in ((token, MAKE), (remove, REMOVE_GATE)):
        refused = page.press(label)
        assert refused.path == EDGES and "Chưa làm gì" in refused.text and not TOKEN.search(refused.answer.text), refused.text
    assert "Đã lưu cổng e." in told.press(SAVE).text
    assert c.rows.query("SELECT name, lane, token_hash AS t FROM edges")[0] == {"name": "của binh", "lane": None, "t": None}
    for what in ("token", "remove"):
        assert browser.get(EDGES + "/%s?edge_id=nope" % what).answer.status == 404, what


if __name__ == "__main__":
    tap.run(globals())
