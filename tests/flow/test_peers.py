#!/usr/bin/python3
"""Peers one at a time, from outside: POST, PUT and DELETE of /api/p2p/peers, every code, and that they are in force at once."""
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.central import expect, told                 # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

PEERS = "/api/p2p/peers"


class Two:
    """Two centrals of one mesh that do not know each other yet."""

    def __init__(self, ground):
        secret = write_secret(ground.path("secret"))
        self.ground = ground
        self.a, self.b = (ground.central(id, secret_file=secret).start() for id in ("central-1", "central-2"))
        self.secret = open(secret).read().strip()

    def as_peer(self, **more):
        return dict({"id": "central-2", "ip": "127.0.0.1", "p2p_port": self.b.p2p_port}, **more)


def configured(c):
    return {peer["id"]: (peer["ip"], peer["p2p_port"]) for peer in c.config()["peer_centrals"]}


def test_add_change_remove_are_in_force(two):
    pid = two.a.pid("p2pd")
    answer = told(two.a.ask("POST", PEERS, two.as_peer()))
    assert answer["peer"] == two.as_peer(weight=1, dialect="native", tls=True), answer
    told(two.b.ask("POST", PEERS, {"id": "central-1", "ip": "127.0.0.1", "p2p_port": two.a.p2p_port}))
    wait_for(lambda: two.a.connected("central-2"), what=lambda: two.a.status())
    assert configured(two.a) == {"central-2": ("127.0.0.1", two.b.p2p_port)}
    two.a.enter("edge-1", "29A10001")
    wait_for(lambda: two.b.rows.history(plate_id="29A10001"), what="the entry at the new peer")
    dead = free_ports(1)[0]
    answer = told(two.a.ask("PUT", PEERS + "/central-2", {"p2p_port": dead, "weight": 7}))
    assert answer["peer"] == two.as_peer(p2p_port=dead, weight=7, dialect="native", tls=True), answer
    answer = told(two.a.ask("PUT", PEERS + "/central-2", {"id": "central-2", "ip": "localhost"}))
    assert answer["peer"]["weight"] == 7 and answer["peer"]["p2p_port"] == dead, "not named, so kept: %s" % answer
    told(two.a.ask("PUT", PEERS + "/central-2", two.as_peer()))
    wait_for(lambda: two.a.connected("central-2"), what=lambda: two.a.status())
    assert told(two.a.ask("DELETE", PEERS + "/central-2")) == {"success": True}
    assert configured(two.a) == {}
    wait_for(lambda: not two.a.config()["peer_centrals"] and two.a.status()["standalone_mode"], what=lambda: two.a.status())
    assert two.a.pid("p2pd") == pid, "without a restart"
    told(two.b.ask("DELETE", PEERS + "/central-1"))


def test_put_creates(two):
    answer = told(two.a.ask("PUT", PEERS + "/central-9", {"ip": "::1", "p2p_port": 9}))
    assert answer["peer"] == {"id": "central-9", "ip": "::1", "p2p_port": 9, "weight": 1, "dialect": "native", "tls": True}
    assert configured(two.a) == {"central-9": ("::1", 9)}
    told(two.a.ask("DELETE", PEERS + "/central-9"))


def test_what_exists_and_what_does_not(two):
    told(two.a.ask("POST", PEERS, two.as_peer()))
    before = two.a.config()
    expect(two.a.ask("POST", PEERS, two.as_peer(p2p_port=1)), 409, "peer_exists", "id")
    expect(two.a.ask("DELETE", PEERS + "/central-3"), 404, "unknown_peer", "peer_id")
    expect(two.a.ask("DELETE", PEERS + "/CENTRAL-2"), 404, "unknown_peer", "peer_id")
    assert two.a.config() == before
    told(two.a.ask("DELETE", PEERS + "/central-2"))
    expect(two.a.ask("DELETE", PEERS + "/central-2"), 404, "unknown_peer", "peer_id")


def test_checks_are_those_of_the_whole(two):
    before = two.a.config()
    good = {"id": "x", "ip": "10.0.0.1", "p2p_port": 9000}
    for change, status, code, field in (
            ({"id": None}, 422, "missing_field", "id"), ({"id": 5}, 422, "wrong_type", "id"), ({"id": ""}, 400, "id_invalid", "id"),
            ({"id": "Über"}, 400, "id_invalid", "id"), ({"id": "x" * 33}, 400, "invalid_value", "id"),
            ({"id": "central-1"}, 400, "id_own", "id"), ({"ip": None}, 422, "missing_field", "ip"),
            ({"ip": ["1"]}, 422, "wrong_type", "ip"), ({"ip": "300.1.1.1"}, 400, "host_invalid", "ip"),
            ({"ip": "a b"}, 400, "host_invalid", "ip"), ({"ip": ""}, 400, "host_invalid", "ip"),
            ({"p2p_port": None}, 422, "missing_field", "p2p_port"), ({"p2p_port": "9"}, 422, "wrong_type", "p2p_port"),
            ({"p2p_port": 0}, 400, "port_invalid", "p2p_port"), ({"p2p_port": 65536}, 400, "port_invalid", "p2p_port"),
            ({"weight": 1001}, 400, "weight_invalid", "weight"), ({"weight": 0.5}, 422, "wrong_type", "weight"),
            ({"dialect": "klingon"}, 400, "dialect_unknown", "dialect"), ({"tls": 1}, 422, "wrong_type", "tls")):
        body = dict(good, **change)
        expect(two.a.ask("POST", PEERS, body), status, code, field)
        if "id" not in change:
            expect(two.a.ask("PUT", PEERS + "/x", body), status, code, field)
    expect(two.a.ask("PUT", PEERS + "/X", {"ip": "10.0.0.1", "p2p_port": 1}), 400, "id_invalid", "id")
    expect(two.a.ask("PUT", PEERS + "/central-1", {"ip": "10.0.0.1", "p2p_port": 1}), 400, "id_own", "id")
    expect(two.a.ask("PUT", PEERS + "/" + "x" * 40, {"ip": "10.0.0.1", "p2p_port": 1}), 400, "id_invalid", "id")
    expect(two.a.ask("PUT", PEERS + "/x", good | {"id": "y"}), 400, "id_mismatch", "id")
    assert two.a.config() == before, "all or nothing"


def test_methods_paths_and_bodies(two):
    answer = two.a.raw("GET", PEERS)
    assert (answer.status, answer.json["code"], answer.headers["allow"]) == (405, "method_not_allowed", "POST"), answer
    answer = two.a.raw("POST", PEERS + "/central-2")
    assert (answer.status, answer.headers["allow"]) == (405, "PUT, DELETE"), answer
    expect(two.a.ask("DELETE", PEERS + "/"), 404, "not_found")
    expect(two.a.ask("DELETE", PEERS + "/a/b"), 404, "not_found")
    answer = two.a.raw("POST", PEERS, b"[]")
    assert (answer.status, answer.json["code"]) == (400, "malformed_json"), answer


def test_no_more_than_a_hundred(two):
    held = [{"id": "p-%d" % n, "ip": "127.0.0.1", "p2p_port": 1} for n in range(100)]
    status, answer = two.b.put_config({"peer_centrals": held})
    assert status == 200, answer
    expect(two.b.ask("POST", PEERS, {"id": "one-more", "ip": "127.0.0.1", "p2p_port": 1}), 400, "too_many_peers")
    told(two.b.ask("PUT", PEERS + "/p-50", {"p2p_port": 2}))
    told(two.b.ask("DELETE", PEERS + "/p-51"))
    told(two.b.ask("POST", PEERS, {"id": "one-more", "ip": "127.0.0.1", "p2p_port": 1}))
    assert len(configured(two.b)) == 100
    assert two.b.put_config({"peer_centrals": []})[0] == 200


def reached(port, address):
    try:
        socket.create_connection((address, port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_without_a_secret_nobody_else_is_listened_to(two):
    """But for old centrals on other machines, which prove nothing; those of the newer form come by nginx."""
    c = two.ground.central("central-8").start()
    assert reached(c.p2p_port, "127.0.0.1") and not reached(c.p2p_port, "127.0.0.2")
    for id, dialect, heard in (("p-1", "native", False), ("p-2", "legacy-http", False), ("p-3", "legacy", True)):
        told(c.ask("POST", PEERS, {"id": id, "ip": "127.0.0.3", "p2p_port": 9, "dialect": dialect}))
        told(c.ask("PUT", PEERS + "/" + id, {"ip": "no-such-host.invalid"}))
        wait_for(lambda: c.peer(id)["peer_ip"] == "no-such-host.invalid", what=lambda: c.status())
        wait_for(lambda: c.peer(id)["last_error"] or c.peer(id)["state"] == "connecting", what=lambda: c.status())
        assert reached(c.p2p_port, "127.0.0.2") == heard, dialect
    told(c.ask("DELETE", PEERS + "/p-3"))
    wait_for(lambda: not reached(c.p2p_port, "127.0.0.2"), what="the port to be for this machine alone again")
    assert reached(c.p2p_port, "127.0.0.1")
    c.stop()


def test_secrets_are_in_no_answer(two):
    said = [two.a.raw(*call).text for call in (("GET", "/api/p2p/config"), ("GET", "/api/p2p/status"), ("DELETE", PEERS + "/x"))]
    said += [str(two.a.ask(method, path, two.as_peer())) for method, path in (("POST", PEERS), ("PUT", PEERS + "/central-2"))]
    assert len(two.secret) > 20 and not any(two.secret in text for text in said), said
    told(two.a.ask("DELETE", PEERS + "/central-2"))


if __name__ == "__main__":
    tap.run(globals(), shared=Two)
