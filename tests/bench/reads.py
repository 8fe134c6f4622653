"""Figure 2: what gates, dashboards and pages read."""
import concurrent.futures
import http.client

from tests.bench.table import Figure

GROUP = "reads through nginx, 8 clients"
FLOOR = "nginx, libfcgi, as many bytes"
CLIENTS = 8
STATE = "GET /api/parking/state"


def cursor(central, offset):
    """What an answer gives as next, so far down."""
    return central.good("GET", "/api/parking/history?limit=1&offset=%d" % offset)["next"]


def asked(central, records):
    """Name, request; half of the records made a row each."""
    deep = records // 6
    history = "GET /api/parking/history?limit=50"
    yield "history, newest page", history
    yield "history, part of a plate", history + "&search=0@@@"
    yield "history, IN alone", history + "&in_parking_only=true"
    yield "history, one central and edge", history + "&central=central-2&edge=edge-2"
    yield "history, offset %d" % deep, history + "&offset=%d" % deep
    yield "history, behind row %d" % deep, history + "&after=" + cursor(central, deep)
    yield "history, flagged", history + "&flagged=true"
    yield "stats", "GET /api/stats"
    yield "state, all inside", STATE


def answer(central, ask):
    """-> headers, bytes of the body"""
    connection = http.client.HTTPConnection(central.ip, central.api_port)
    connection.request("GET", ask.split(" ", 1)[1].replace("@@@", "123"))
    seen = connection.getresponse()
    size = len(seen.read())
    connection.close()
    return seen.headers, size


def one(bench, central, name, ask, bytes, body=None, **options):
    floor = bench.floor(bytes=bytes)
    ours, best = bench.in_turn(lambda: bench.load([central.api_port], ask, clients=CLIENTS, body=body, **options),
                               lambda: bench.load([floor.port], ask, clients=CLIENTS, body=body))
    floor.clean_up()
    for which in ("p50", "p99"):
        bench.row(Figure(GROUP, "%s, %s" % (name, which), ours[which + "_ms"], "ms", best[which + "_ms"], FLOOR,
                         goal=10 if which == "p99" else None, alone=True))


def beside_a_writer(bench, central, name, ask):
    """The same while one client drives in cars as fast as it is answered, so that whatever is kept is too old at once. No floor."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writer = pool.submit(bench.enter, [central], 1, seconds=bench.seconds * bench.rounds)
        ours, = bench.in_turn(lambda: bench.load([central.api_port], ask, clients=CLIENTS))
        wrote = writer.result()
    for which in ("p50", "p99"):
        bench.row(Figure(GROUP, "%s, beside a writer, %s" % (name, which), ours[which + "_ms"], "ms"))
    bench.row(Figure(GROUP, "  entries/s meanwhile", wrote["per_second"], "/s", rate=True))


def measure(bench):
    records = 2000000 if bench.full else 100000     # a million rows of history
    central = bench.central_with(records).start()
    body = '{"edge_id":"edge-2","plate_id":"29A00@@@@","plate_view":"29A00@@@@","camera_type":"car","direction":"EXIT","confidence":0.9}'
    one(bench, central, "detection", "POST /api/edge/detection", 300, body=body)
    for name, ask in asked(central, records):
        one(bench, central, name, ask, answer(central, ask)[1])
    held = "If-None-Match: %s\r\n" % answer(central, STATE)[0]["ETag"]
    one(bench, central, "state, by who holds it as it is", STATE, 1, header=held, status=304)
    beside_a_writer(bench, central, "state", STATE)     # first: each entry makes it longer
    beside_a_writer(bench, central, "stats", "GET /api/stats")
    beside_a_writer(bench, central, "history, newest page", "GET /api/parking/history?limit=50")
