"""Gates at work in a machine's network: cars come in and go out through nginx until standard input ends. The first line told is that
they are at work; the second and last is JSON:
{"answers", "failed": [the first few], "slowest_ms", "inside": plates that were let in and not out}."""
import json
import os
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)

from tests.site.client import Client, Lost                  # noqa: E402

GATES = 4


class Gate(threading.Thread):
    def __init__(self, number, client, prefix):
        super().__init__()
        self.number, self.client, self.prefix = number, client, prefix
        self.answers, self.failed, self.slowest, self.inside, self.ending = 0, [], 0.0, [], threading.Event()

    def run(self):
        car = 0
        while not self.ending.is_set():
            plate = "%s%d%04d" % (self.prefix, self.number, car)
            if self.open(plate, "ENTRY"):
                self.inside.append(plate)
            if car % 2 and self.open(plate, "EXIT"):
                self.inside.remove(plate)
            car += 1
            time.sleep(0.01)

    def open(self, plate, direction):
        body, began = {"edge_id": "edge-%d" % self.number, "plate_id": plate, "direction": direction}, time.monotonic()
        try:
            status, answer = self.client.ask("POST", "/api/edge/barrier/open", body)
            good, what = status == 200, "%d %s" % (status, answer)
        except (Lost, ValueError) as e:
            good, what = False, "lost: %s" % e
        self.client.close()     # a kept connection that nginx closes in the same moment would be lost by nobody's fault
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.answers += good
        if not good:
            self.failed.append("%s %s: %s" % (direction, plate, what))
        return good


def main():
    prefix = sys.argv[1] if len(sys.argv) > 1 else "51L"
    gates = [Gate(number, Client("127.0.0.1", 8000, timeout=30), prefix) for number in range(GATES)]
    for gate in gates:
        gate.start()
    while not all(gate.answers or gate.failed for gate in gates):
        time.sleep(0.01)
    print("at work", flush=True)
    sys.stdin.read()
    for gate in gates:
        gate.ending.set()
    for gate in gates:
        gate.join()
    print(json.dumps({"answers": sum(gate.answers for gate in gates), "failed": [text for gate in gates for text in gate.failed][:10],
                      "slowest_ms": int(1000 * max(gate.slowest for gate in gates)),
                      "inside": [plate for gate in gates for plate in gate.inside]}))


if __name__ == "__main__":
    main()
