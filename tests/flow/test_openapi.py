#!/usr/bin/python3
"""The examples of doc/openapi.yaml, played against a running central: document and program cannot part."""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.openapi.document import Document                 # noqa: E402
from tests.openapi.replay import Replay                     # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.build import find_build                     # noqa: E402
from tests.site.client import Client                        # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402


HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
# Addresses that are trusted, too: what pages and proxies send is counted by address, and a test shall not use up another's share.
ALSO_TRUSTED = "127.0.1.%d"
OPTIONS = ["--trust-edges", "none", "--trust-edges", HERE, "--trust-edges", "127.0.1.0/24",
           "--trust-admin", "none", "--trust-admin", HERE, "--trust-admin", "127.0.1.0/24"]


class Played:
    """One site on which each test plays the next step; what failed before does not hinder the steps after it."""

    def __init__(self, ground):
        site = ground.site(2)
        self.central, peer = site[0], site[1]
        self.central.options = OPTIONS
        site.start()
        nobody, = free_ports(1)
        # A stay of the peer, so that the two have exchanged records.
        peer.enter("edge-9", "43A00000")
        site.wait_converged()
        wait_for(lambda: self.central.rows.value("SELECT count(*) FROM p2p_sync_state"), what="a row of p2p_sync_state")
        self.ctl("edge", "add", "edge-1")
        self.ctl("edge", "add", "edge-7", "--lane", "entry")
        self.replay = Replay(Document(), self.central.raw, {
            "port": {8000: self.central.api_port, 9000: self.central.p2p_port, 9002: peer.p2p_port, 9003: nobody},
            "host": {"192.0.2.11": HERE, "192.0.2.12": HERE, "192.0.2.13": HERE}},
            {"elsewhere": self.place(ELSEWHERE)})
        self.places = 0

    def place(self, address):
        return Client(HERE, self.central.api_port, source=address).raw

    def new_place(self):
        """To ask from a trusted address that nobody has asked from."""
        self.places += 1
        return self.place(ALSO_TRUSTED % self.places)

    def ctl(self, *words):
        """-> what parkmeshctl of this central prints"""
        line = [os.path.join(find_build(), "ctl", "parkmeshctl"), "--db", os.path.join(self.central.dir, "parkmesh.db"), *words]
        return subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True).stdout


def named(number, operation, name, more):
    def test(played):
        found = played.replay.run(operation, name, more)
        assert not found, "%s %s, example %s:\n%s" % (operation.method, operation.path, name, "\n".join(found))
    test.__name__ = "test_%03d %s" % (number, more["run"])
    return test


# ---- what every operation refuses

def operations(played, wanted):
    found = [op for op in played.replay.document.operations() if wanted(op)]
    assert len(found) > 5, "these are not the operations"
    return found


def all_refuse(played, wanted, status, code, **how):
    wrong, ask = [], played.new_place()
    for op in operations(played, wanted):
        wrong += ["%s: %s" % (op.id, what) for what in played.replay.refused(op, status, code, ask=ask, **how)[1]]
    assert not wrong, "\n".join(wrong)


def guarded(op):
    return op.node.get("security") != []


def with_body(op):
    return bool(op.request())


def box(op):
    """Camera boxes are told with 200 what is wrong."""
    return op.id == "edgeEvent"


def test_every_operation_refuses_an_unknown_token(played):
    all_refuse(played, guarded, 401, "token_unknown", Authorization="Bearer 0123456789")


def test_a_token_opens_what_names_it_and_nothing_else(played):
    bearer = {"Authorization": "Bearer " + played.ctl("edge", "token", "edge-1").strip(), "Content-Type": "application/json"}
    for op in operations(played, guarded):
        opened = any("edgeToken" in way for way in op.node.get("security", []))
        path, body = played.replay.request(op, "", {})[1], b"{}" if op.method != "GET" else None
        answer = played.replay.places["elsewhere"](op.method, path, body, bearer)
        if opened:
            assert answer.status not in (401, 403), "%s: %s" % (op.id, answer)
        else:
            assert answer.status == 403 and answer.json["code"] == "not_for_edges", "%s: %s" % (op.id, answer)


def test_every_operation_refuses_a_page_of_another_origin(played):
    all_refuse(played, guarded, 403, "origin_not_allowed", Origin="https://shop.example", Content_Type="application/json")


def test_every_operation_refuses_a_page_without_a_token(played):
    all_refuse(played, guarded, 403, "from_a_page", Sec_Fetch_Site="same-origin", Content_Type="application/json")


def test_every_operation_refuses_a_proxy(played):
    all_refuse(played, guarded, 403, "forwarded", X_Forwarded_For="192.0.2.77")


def test_every_operation_refuses_an_unknown_host(played):
    all_refuse(played, guarded, 403, "unknown_host", Host="shop.example")


def test_every_path_names_its_methods(played):
    """A path with a name of its own is no {id}'s: /history/changes is not /history/{id}."""
    every = played.replay.document.operations()
    for op in every:
        methods = {other.method for other in every if other.path == op.path}
        answer, wrong = played.replay.refused(op, 405, "method_not_allowed", method="PATCH")
        assert not wrong, "%s: %s" % (op.path, wrong)
        allowed = set(answer.headers["allow"].replace(" ", "").split(",")) - {"HEAD", "OPTIONS"}
        assert allowed == methods, "%s allows %s" % (op.path, allowed)


def test_every_writing_operation_refuses_another_type_from_a_page(played):
    all_refuse(played, lambda op: op.method != "GET", 415, "wrong_content_type", body=b"{}", Sec_Fetch_Site="same-origin",
               Content_Type="text/plain")


def test_every_operation_with_a_body_refuses_what_is_no_json(played):
    for body in (b'{"edge_id":', b"[]", b"\xff\xfe", b"null", b'{"a":"\x00"}'):
        all_refuse(played, lambda op: with_body(op) and not box(op), 400, "malformed_json", body=body)


def test_every_operation_refuses_a_body_that_is_too_large(played):
    for op in operations(played, with_body):
        size = 4 * 1024 * 1024 if op.id in ("subscriptionsPut", "staffPut") else 64 * 1024
        wrong = played.replay.refused(op, 413, "too_large", body=b" " * (size + 1))[1]
        assert not wrong, "%s: %s" % (op.id, wrong)


def test_every_operation_misses_what_it_requires(played):
    """Each required field on its own, by its absence and as a list of lists, which nothing is."""
    for op in operations(played, lambda op: with_body(op) and not box(op)):
        required = played.replay.document.follow(op.request()["schema"]).get("required", [])
        wrong = played.replay.refused(op, 422, "missing_field", body=b"{}")[1] if required else []
        assert not wrong, "%s: %s" % (op.id, wrong)
        for field in required:
            body = ('{"%s": [[]]}' % field).encode()
            answer = played.replay.refused(op, 422, "wrong_type", body=body)[0]
            assert answer.status == 422 and answer.json["code"] in ("wrong_type", "missing_field"), "%s: %s" % (op.id, answer)


def test_nothing_else_is_there(played):
    for path in ("/api/", "/api/nothing", "/api/stats/", "/api/statsx", "/api/p2p", "/api/parking/history/6/exit/"):
        answer = played.replay.ask("GET", path, None, {})
        assert answer.status == 404 and answer.json["code"] == "not_found", "%s: %s" % (path, answer)


def tests():
    steps = Replay(Document(), None, {}).steps()
    found = {"test_%03d" % number: named(number, *step) for number, step in enumerate(steps, 1)}
    return {**found, **{name: thing for name, thing in globals().items() if name.startswith("test_")}}


if __name__ == "__main__":
    tap.run(tests(), Played)
