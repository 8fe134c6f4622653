#!/usr/bin/python3
"""Fees, subscriptions, staff, gates, accounts and the audit list, as seen in a browser."""
import os
import re
import sys
from datetime import datetime, timedelta

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.site.people import ADMIN, PASSWORD, add_user     # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

FEES, SUBSCRIPTIONS, STAFF, GATES, USERS = ("/settings/" + what for what in ("fees", "subscriptions", "staff", "edges", "users"))


def day(days):
    return (datetime.now() + timedelta(days=days)).strftime("%Y-%m-%d")


def in_both(screen, path, name):
    """Look at a page in both languages."""
    screen.open(path)
    screen.check(name)
    screen.switch_language()
    screen.check(name)
    screen.switch_language()


def test_fees_change_here_and_are_seen_there(ground, show):
    site = ground.site(2).start()
    for central in site:
        add_user(central, ADMIN, "admin")
    here, there = show(site[0]), show(site[1])
    for screen in (here, there):
        screen.log_in()
        screen.open(FEES)
        assert "25.000 ₫" in screen.text, screen.text
    here.fill(per_hour="một nghìn")
    here.press("Lưu giá vé")
    assert "Cần số tiền" in here.wrong("per_hour") and here.value("per_hour") == "một nghìn" and here.focused() == "per_hour"
    here.check("fees-wrong")
    here.fill(per_hour="30.000", daily_max="200.000")
    here.press("Tính thử")
    assert re.search(r"1 giờ 40 phút\s+50\.000 ₫\s+60\.000 ₫", here.text), here.text
    here.check("fees-tried")
    here.press("Lưu giá vé")
    assert "Đã lưu giá vé." in here.text and "30.000 ₫" in here.text, here.text

    def seen():
        there.open(FEES)
        return "30.000 ₫" in there.text and "200.000 ₫" in there.text
    wait_for(seen, what="the fee at the other central")
    assert "%s · %s" % (ADMIN, site[0].id) in there.text, there.text
    in_both(there, FEES, "fees")


def test_subscriptions_and_staff(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "admin")
    screen = show(central)
    screen.log_in()
    in_both(screen, SUBSCRIPTIONS, "subscriptions-empty")
    screen.follow("Thêm vé tháng")
    screen.fill(plate_number="29A", owner_name="Nguyễn Thị Ánh Tuyết")
    screen.press("Lưu")
    assert "6 đến 16" in screen.wrong("plate_number") and screen.value("owner_name") == "Nguyễn Thị Ánh Tuyết"
    screen.check("subscription-wrong")
    screen.fill(plate_number="29A-123.45", phone="0901 234 567", note="Căn hộ 12B, hai xe")
    screen.press("Lưu")
    assert "Đã thêm vé tháng của 29A-123.45." in screen.text, screen.text
    held = central.good("GET", "/api/subscriptions")["subscriptions"]
    more = [{"id": "s%d" % n, "plate_number": "30K-%03d.%02d" % (n, n), "owner_name": "Chủ xe %d" % n, "type": "tháng",
             "status": "active" if n % 5 else "inactive", "start_date": day(min(-60 + 20 * n, 5)), "end_date": day(-30 + 12 * n)} for n in range(8)]
    central.good("PUT", "/api/subscriptions", {"subscriptions": held + more})
    in_both(screen, SUBSCRIPTIONS, "subscriptions")
    screen.fill(q="anh tuyet")
    screen.press("Tìm")
    assert "29A-123.45" in screen.text and "30K" not in screen.text, screen.text
    screen.follow("Sửa 29A-123.45")
    other = show(central)
    other.log_in()
    other.open(screen.path)
    other.fill(owner_name="Trần Văn Bình")
    other.press("Lưu")
    screen.fill(note="Căn hộ 14C")
    screen.press("Lưu")
    assert "người khác vừa sửa" in screen.text and screen.value("note") == "Căn hộ 14C" and "Trần Văn Bình" in screen.text
    screen.check("subscription-conflict")
    screen.follow("Quay lại danh sách")
    screen.follow("Xóa 29A-123.45")
    screen.check("subscription-remove")
    screen.press("Xóa vé tháng")
    assert "Đã xóa vé tháng của 29A-123.45." in screen.text, screen.text
    screen.open(STAFF)
    screen.follow("Thêm nhân viên")
    screen.check("staff-new")
    screen.fill(name="Đặng Văn Lâm", role="bảo vệ", phone="0912 345 678")
    screen.press("Lưu")
    assert "Đã thêm Đặng Văn Lâm." in screen.text
    in_both(screen, STAFF, "staff")


def test_a_gate_and_its_token(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "admin")
    screen = show(central)
    screen.log_in()
    in_both(screen, GATES, "edges-empty")
    screen.follow("Thêm cổng")
    screen.fill(edge_id="edge-1", edge_name="Cổng Bắc", lane="ENTRY")
    screen.check("edge-new")
    screen.press("Lưu")
    assert "Đã thêm cổng edge-1." in screen.text, screen.text
    screen.follow("Tạo mã truy cập edge-1")
    screen.check("edge-token-ask")
    screen.press("Tạo mã truy cập")
    token = screen.driver.find_element("id", "token").get_attribute("value")
    assert re.fullmatch("[0-9a-f]{64}", token), token
    screen.picture("edge-token")
    assert screen.too_wide() + screen.axe() == [], screen.axe()
    said = central.ask("POST", "/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "29A12345"}, Authorization="Bearer " + token)
    assert said[0] == 200, said
    screen.follow("Đã chép xong")
    assert token not in screen.driver.page_source and "Có mã truy cập" in screen.text
    central.ask("POST", "/api/edge/heartbeat", {"camera_id": "2", "camera_name": "Cam", "camera_type": "car", "status": "online",
                                                "events_sent": 0, "events_failed": 0, "timestamp": 1})
    in_both(screen, GATES, "edges")


def test_an_account_and_the_audit_list(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "admin")
    screen = show(central)
    screen.log_in()
    screen.open(USERS)
    screen.follow("Thêm tài khoản")
    screen.check("user-new")
    screen.fill(name="Bình", role="viewer", password=PASSWORD, again=PASSWORD)
    screen.press("Tạo tài khoản")
    assert "Chữ thường" in screen.wrong("name") and screen.value("name") == "Bình" and screen.value("password") == ""
    screen.fill(name="binh", password=PASSWORD, again=PASSWORD)
    screen.press("Tạo tài khoản")
    assert "Đã tạo tài khoản binh." in screen.text, screen.text
    in_both(screen, USERS, "users")
    his = show(central)
    his.log_in("binh")
    assert his.path != "/login" and "binh" in his.text, his.text
    his.open(FEES)
    assert "Lưu giá vé" not in his.text and "Tài khoản" not in his.text, "a viewer looks"
    his.check("fees-viewer")
    screen.follow("Sửa binh")
    screen.check("user-edit")
    screen.fill(role="admin")
    screen.press("Lưu quyền")
    his.open(USERS)
    assert "anna" in his.text, "counts at once"
    screen.follow("Xóa binh")
    screen.press("Xóa tài khoản")
    his.open(USERS)
    assert his.path.startswith("/login"), "logged out: %s" % his.path
    screen.open(FEES)
    screen.fill(per_hour="30.000")
    screen.press("Lưu giá vé")
    in_both(screen, "/audit", "audit")
    screen.fill(what="user_role")
    screen.press("Lọc")
    assert "Chỉ xem → Quản trị" in screen.text and "30.000" not in screen.text, screen.text
    screen.open("/audit?who=nobody")
    screen.check("audit-empty")


if __name__ == "__main__":
    run(globals())
