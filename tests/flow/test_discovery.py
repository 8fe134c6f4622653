#!/usr/bin/python3
"""Centrals that announce themselves by mDNS: offered to operators, trusted in nothing, and nobody's trouble when Avahi is not there."""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import lan, tap                             # noqa: E402
from tests.site.page import administrator                  # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402

PAGE = "/settings/p2p"
FROM_THE_LAN = ["--discover", "--trust-admin", lan.ADDRESS + "/32", "--trust-edges", lan.ADDRESS + "/32"]


def network(ground):
    try:
        lan.leave()
    except lan.NotPermitted as e:
        raise tap.Skip(str(e))
    return ground.on_end(lan.Lan(ground.folder))


def central(ground, number, mesh="parkmesh", options=FROM_THE_LAN):
    secret = write_secret(ground.path("secret-" + mesh))
    return ground.central("central-%d" % number, secret_file=secret, ip=lan.ADDRESS, options=["--mesh", mesh, *options])


def found(c):
    return {one["id"]: one for one in c.good("GET", "/api/p2p/status")["discovered"]}


def wait_found(c, *ids):
    wait_for(lambda: sorted(found(c)) == sorted(ids), what=lambda: "%s to find %s; it found %s and wrote\n%s" % (c.id, ids, found(c), c.tail()))


def ctl(c, *words):
    run = subprocess.run([os.path.join(c.build, "ctl/parkmeshctl"), "--db", os.path.join(c.dir, "parkmesh.db"), *words],
                         capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 0, run
    return run.stdout


def test_centrals_find_each_other_and_trust_nobody_for_it(ground):
    net = network(ground).start()
    one, two, elsewhere, silent = (central(ground, 1), central(ground, 2), central(ground, 3, mesh="elsewhere"),
                                   central(ground, 4, options=FROM_THE_LAN[1:]))
    for c in (one, two, elsewhere, silent):
        c.start()
    wait_found(one, "central-2")
    wait_found(two, "central-1")
    key = json.loads(ctl(two, "--json", "status"))["this_central"]["fingerprint"]
    assert found(one)["central-2"] == {"id": "central-2", "ip": lan.ADDRESS, "p2p_port": two.p2p_port, "fingerprint": key}, found(one)
    assert ctl(one, "peer", "discover") == "central-2=%s:%d  key %s\n" % (lan.ADDRESS, two.p2p_port, key)
    assert json.loads(ctl(one, "--json", "peer", "discover"))["discovered"] == list(found(one).values())
    assert not found(elsewhere) and not found(silent), "another mesh; one that does not look"
    status = one.good("GET", "/api/p2p/status")
    assert status["peers"] == [] and status["standalone_mode"], "found is not trusted: %s" % status

    # offered on the page, filled in by a link, and a peer once an administrator has saved it
    browser = administrator(one)
    page = browser.get(PAGE)
    assert "Central được tìm thấy trong mạng" in page.text and key in page.text, page.text
    page = browser.get(PAGE + "?found=central-2")
    assert 'value="%d"' % two.p2p_port in page.answer.text and not one.config()["peer_centrals"], "only filled in"
    page.press("Lưu cấu hình P2P")
    assert [peer["id"] for peer in one.config()["peer_centrals"]] == ["central-2"]
    wait_found(one)
    assert browser.get(PAGE + "?found=central-99").answer.status == 200, "one that has gone meanwhile"

    # the daemon goes and comes
    net.stop_avahi()
    wait_found(two)
    net.start_avahi()
    wait_found(two, "central-1")
    # it hangs: the mesh goes on, and p2pd ends when it is told to
    net.freeze()
    wait_for(lambda: one.ask("POST", "/api/p2p/test-connection?peer_id=central-2")[0] == 200, what="the mesh to go on")
    assert two.stop() == 0
    net.thaw()
    two.start()
    one.ask("DELETE", "/api/p2p/peers/central-2")
    wait_found(one, "central-2")
    two.stop()
    wait_found(one)


def test_without_a_bus_it_is_off(ground):
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=" + ground.path("nobody")
    c = ground.central(options=["--discover"]).start()
    c.enter("edge-1", "29A12345")
    assert found(c) == {} and "No other central announces itself" in ctl(c, "peer", "discover")
    assert c.stop() == 0


if __name__ == "__main__":
    tap.run(globals())
