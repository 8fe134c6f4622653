"""Two machines as a mesh, joined by a cable."""
import json

from machine import call
from tests.site.wait import wait_for

ADDRESSES = {"central-1": "10.77.0.1", "central-2": "10.77.0.2"}


def test_two_centrals_find_each_other(s):
    machines = s["machines"] = {id: s["place"].machine(id) for id in ADDRESSES}
    first, second = machines.values()
    call("ip", "link", "add", "eth7", "netns", str(first.pid), "type", "veth", "peer", "name", "eth7", "netns", str(second.pid))
    for id, m in machines.items():
        m.sh("ip address add %s/24 dev eth7; ip link set eth7 up" % ADDRESSES[id])
        m.install(s["place"].deb)
        m.serves()
        other = next(one for one in ADDRESSES if one != id)
        config = {"this_central": {"id": id, "ip": ADDRESSES[id], "p2p_port": 9000, "api_port": 8000},
                  "peer_centrals": [{"id": other, "ip": ADDRESSES[other], "p2p_port": 9000}]}
        m.ctl("config", "import", "-", stdin=json.dumps(config))
        m.ctl("secret", "set", "-", stdin="a secret of both\n")
    for m in machines.values():
        wait_for(lambda m=m: m.get("/api/p2p/status")["connected_peers"] == 1, what=lambda m=m: "the peer\n" + m.journal())


def test_a_car_enters_here_and_leaves_there(s):
    first, second = s["machines"].values()
    entry = first.post("/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "30M12345"})
    assert entry["success"] and entry["action"] == "ENTRY", entry
    wait_for(lambda: second.get("/api/parking/history?search=30M12345")["count"] == 1, what="the stay on the other central")
    leave = second.post("/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "30M12345"})
    assert leave["action"] == "EXIT" and leave["event_id"] == entry["event_id"], leave
    wait_for(lambda: first.get("/api/parking/history?search=30M12345")["history"][0]["status"] == "OUT", what="its end at the first")


def test_they_find_each_other_again(s):
    first, second = s["machines"].values()
    second.run("systemctl", "kill", "--kill-who=main", "-s", "KILL", "parkmesh-p2pd")
    assert first.post("/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "30M54321"})["success"]
    wait_for(lambda: second.get("/api/parking/history?search=30M54321")["count"] == 1, what="what happened meanwhile")
