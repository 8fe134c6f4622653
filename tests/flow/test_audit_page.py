#!/usr/bin/python3
"""/audit, the list of who changed what, as administrators read it (spec/pages.md)."""
import os
import re
import sqlite3
import sys
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import ADMIN, add_user               # noqa: E402

PAGE, SAVE, FILTER = "/audit", "Lưu", "Lọc"
NASTY = "<script>alert(1)</script> {{t.audit.title}} \"' đ 🚗"
VIETNAM = timezone(timedelta(hours=7))


def insert(central, rows):
    """Rows (at_ms, who, what, object, old, new) straight into the table, as deed_note writes them."""
    with sqlite3.connect(os.path.join(central.dir, "parkmesh.db"), timeout=30) as db:
        db.executemany("INSERT INTO audit(at_ms, who, source, what, object, old, new) VALUES(?, ?, '10.0.0.1', ?, ?, ?, ?)", rows)
    db.close()


def count(page):
    return page.answer.text.count('class="list-group-item"')


def test_each_role(ground):
    c = ground.central().start()
    for name, role in (("xem", "viewer"), ("gac", "operator")):
        add_user(c, name, role)
        browser = Browser(c)
        browser.log_in(name)
        assert browser.get(PAGE).answer.status == 403, name
    assert Browser(c).get(PAGE).path.startswith("/login")
    page = administrator(c).get(PAGE)
    assert page.answer.status == 200 and "Mỗi central có nhật ký riêng" in page.text, page.text


def test_what_people_did_can_be_read(ground):
    c = ground.central().start()
    browser = administrator(c)
    browser.get("/settings/fees").press("Lưu giá vé", {"per_hour": "30.000"})
    browser.get("/settings/subscriptions/edit").press(SAVE, {"plate_number": "29A-123.45", "owner_name": NASTY})
    id = c.good("GET", "/api/subscriptions")["subscriptions"][0]["id"]
    browser.get("/settings/subscriptions/edit?id=" + id).press(SAVE, {"owner_name": "An", "phone": "0901"})
    browser.get("/settings/subscriptions/remove?id=" + id).press("Xóa vé tháng")
    browser.get("/settings/edges/edit").press(SAVE, {"edge_id": "edge-2", "edge_name": "", "lane": "ENTRY"})
    browser.get("/settings/edges/edit").press(SAVE, {"edge_id": "edge-1", "edge_name": "Bắc", "lane": "EXIT"})
    add_user(c, "binh", "viewer")
    browser.get("/settings/users/edit?name=binh").press("Lưu quyền", {"role": "operator"})
    page = browser.get(PAGE)
    for words in ("Đổi thiết lập chung Giá vé giá mỗi giờ: 25.000 → 30.000", "Đổi thiết lập chung Vé tháng 29A-123.45",
                  "chủ xe: %s → An" % NASTY, "điện thoại: – → 0901", "Xóa thiết lập chung Vé tháng 29A-123.45",
                  "Đặt cổng edge-1", "tên: – → Bắc", "làn: – → Chỉ ra", "trạng thái: Đang dùng → –", "Đổi quyền binh", "Chỉ xem → Vận hành", "anna · 127.0.0.1", "Đăng nhập"):
        assert words in page.text, (words, page.text)
    assert "<script>" not in page.answer.text and re.search(r'<time title="20\d\d-\d\d-\d\d \d\d:\d\d:\d\d">', page.answer.text)
    assert page.text.index("Chỉ xem → Vận hành") < page.text.index("25.000 → 30.000"), "newest first"
    assert "giá mỗi giờ" in page.text and "giờ miễn phí" not in page.text, "only what differs"
    assert "– → –" not in page.text, "what was empty and is empty did not change"


def test_filters(ground):
    c = ground.central().start()
    browser = administrator(c)
    noon = datetime.now(VIETNAM).replace(hour=12, minute=0, second=0, microsecond=0)
    at = {days: int((noon - timedelta(days=days)).timestamp() * 1000) for days in (3, 10)}
    insert(c, [(at[3], "chi", "user_role", "x", "viewer", "admin"), (at[10], "chi", "edge_removed", "e", None, None),
               (at[10], NASTY, "of_another_version", NASTY, "{not json", "[1]")])
    page = browser.get(PAGE)
    everything = count(page)
    options = re.findall(r'<option value="([^"]*)"', page.answer.text)
    assert {"anna", "chi", "user_role", "edge_removed", "of_another_version", ""} <= set(options), options
    assert "of_another_version" in page.text and "{not json → [1]" in page.text and "<script>" not in page.answer.text

    def filtered(**fill):
        query = page.values("who") and "&".join("%s=%s" % one for one in fill.items())
        found = browser.get(PAGE + "?" + query)
        assert found.answer.status == 200, found.answer
        return count(found)
    day = {days: (noon - timedelta(days=days)).strftime("%Y-%m-%d") for days in (2, 3, 9, 10)}
    assert filtered(who="chi") == 2 and filtered(what="user_role") == 1 and filtered(who="chi", what="edge_removed") == 1
    assert filtered(who="anna", what="edge_removed") == 0 and filtered(who="nobody") == 0 and filtered(who="", what="") == everything
    assert filtered(**{"from": day[3], "until": day[3]}) == 1 and filtered(until=day[9]) == 2 and filtered(**{"from": day[2]}) == everything - 3
    assert filtered(until=day[10], who="chi") == 1
    kept = browser.get(PAGE + "?who=chi&what=user_role&from=" + day[3])
    assert kept.values("who") == ["chi"] and kept.values("what") == ["user_role"] and kept.values("from") == [day[3]]
    assert "Không có gì trong nhật ký như vậy." in browser.get(PAGE + "?who=nobody").text
    for query, field in (("from=2025-02-30", "from"), ("until=x", "until"), ("from=%3Cscript%3E", "from")):
        wrong = browser.get(PAGE + "?" + query)
        assert wrong.answer.status == 400 and wrong.wrong(field) == [True] and "<script>" not in wrong.answer.text, (query, wrong.text)
    for key in ("x", "1", "1.", ".1", "-1.2", "1.2.3"):
        assert browser.get(PAGE + "?before=" + key).answer.status == 400, key


def test_a_long_list_page_by_page(ground):
    c = ground.central().start()
    browser = administrator(c)
    now = c.rows.value("SELECT max(at_ms) FROM audit")
    insert(c, [(now - n // 3, "chi" if n % 2 else "dung", "user_role", "thing-%05d" % n, None, None) for n in range(100000)])
    page, seen = browser.get(PAGE + "?who=chi"), []
    for _ in range(5):
        assert count(page) == 50, count(page)
        seen += re.findall(r"thing-\d+", page.answer.text)
        page = page.follow("Cũ hơn")
    # newest first, and of one moment the one written last: no row twice, none left out
    order = sorted((n for n in range(100000) if n % 2), key=lambda n: (-(n // 3), n), reverse=False)
    order = sorted(order, key=lambda n: (n // 3, -n))
    assert seen == ["thing-%05d" % n for n in order[:250]], seen[:20]
    assert count(page.follow("Mới nhất")) == 50
    last = browser.get(PAGE + "?who=chi&before=%d.%d" % (now - 33330, 2 ** 53 - 1))
    assert 0 < count(last) < 50 and "Cũ hơn" not in last.links
    plans = c.rows.query("EXPLAIN QUERY PLAN SELECT id FROM audit WHERE at_ms BETWEEN 1 AND 2 AND (at_ms, id) < (3, 4)"
                         " AND who = 'x' AND what = 'y' ORDER BY at_ms DESC, id DESC LIMIT 5")
    assert "audit_both" in str(plans) and "TEMP" not in str(plans), plans


def test_every_central_has_its_own(ground):
    site = ground.site(2).start()
    here, there = administrator(site[0]), administrator(site[1])
    here.get("/settings/fees").press("Lưu giá vé", {"per_hour": "31.000"})
    site.wait_converged()
    assert "→ 31.000" in here.get(PAGE).text and "→ 31.000" not in there.get(PAGE).text
    assert ADMIN in there.get(PAGE).text


if __name__ == "__main__":
    tap.run(globals())
