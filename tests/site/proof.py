"""The proof at the end: do all centrals agree, and is every answer that was given accounted for on each of them?

A check takes a central (anything with id and rows) and yields what is wrong, in words."""
import json
from math import ceil

from tests.data import merge_model

BUILT_IN = {"fee_base": 0.5, "fee_per_hour": 25000, "fee_daily_max": 0}     # the built-in tariff (spec/api.md, "Fee")
ALARMS = 2 | 4 | 8              # of logs.flags: forked, key not pinned, rolled back (lib/store/logs.h)


def fee_for(seconds, tariff=None):
    """The fee by a tariff (default: the built-in one), reckoned here once more."""
    tariff = tariff or BUILT_IN
    charged = seconds - tariff["fee_base"] * 3600
    fee = 0 if charged <= 0 else ceil(charged / 3600) * tariff["fee_per_hour"]
    return min(fee, ceil(seconds / 86400) * tariff["fee_daily_max"]) if tariff["fee_daily_max"] else fee


def money(amount):
    return "{:,}".format(amount).replace(",", ".") + " ₫"


# ---- entries

def check_entries(central, book):
    """Every acknowledged entry is there as it was told, and no other."""
    rows = {row["event_id"]: row for row in central.rows.query("SELECT * FROM history WHERE entry_ts IS NOT NULL")}
    for told in book.entries:
        row = rows.pop(told.event_id, None)
        if row is None:
            yield "%s: the entry %s, acknowledged by %s, is missing" % (central.id, told.event_id, told.central)
            continue
        plate, at = book.plates.get(told.event_id, told.plate), row["entry_ts"] if told.at is None else told.at
        if [row[name] for name in ("plate_id", "source_central", "edge_id", "entry_ts")] != [plate, told.central, told.edge, at]:
            yield "%s: the entry %s was told as %s and is held as %s" % (central.id, told.event_id, told, row)
        if (row["status"] == "VOID") != (told.event_id in book.void):
            yield "%s: an operator said %s of %s, it is %s" % (
                central.id, "void" if told.event_id in book.void else "not void", told.event_id, row["status"])
        if told.event_id in book.confirmed and row["confirmed_ts"] is None:
            yield "%s: the barrier has closed behind %s, but that is not confirmed" % (central.id, told.event_id)
    for event_id in rows:
        yield "%s: nobody was told of the entry %s" % (central.id, event_id)


def check_inside(central, _book):
    """No plate has two open stays."""
    twice = "SELECT plate_id, count(*) AS n FROM history WHERE status = 'IN' GROUP BY plate_id HAVING n > 1"
    for row in central.rows.query(twice):
        yield "%s: %s has %d open stays" % (central.id, row["plate_id"], row["n"])


# ---- exits

def _exit_names(row):
    """By what an exit's row can be found: with the time the edge told, and without."""
    missed = row["reason"] == "missed"
    return [(row["central"], row["edge"], row["exit_ts"], missed), (row["central"], row["edge"], row["plate_id"], missed)]


def check_exits(central, book):
    """Every acknowledged exit is in `exits` with the fee that was told, once, and there is no other money."""
    rows, names = {}, {}
    for place, row in central.rows.exits().items():
        rows[place] = row
        for name in _exit_names(row):
            names.setdefault(name, []).append(place)
    for told in book.exits:
        found = names.get((told.central, told.edge, told.plate if told.at is None else told.at, False), [])
        if len(found) > 1:
            yield "%s: %d exits where one was acknowledged: %s" % (central.id, len(found), told)
        row = rows.pop(found[0], None) if found else None
        if row is None:
            yield "%s: the exit %s, acknowledged by %s, is missing" % (central.id, told, told.central)
        elif row["plate_id"] != told.plate or told.fee not in (None, row["fee"]):
            yield "%s: the exit %s was told as %s and is held as %s" % (central.id, told.event_id, told, row)
    forced = {(e.central, e.edge, e.plate if e.at is None else e.at) for e in book.entries if e.forced}
    for row in rows.values():
        known = any((row["central"], row["edge"], row[column]) in forced for column in ("exit_ts", "plate_id"))
        if row["reason"] != "missed" or row["fee"] != 0 or not known:
            yield "%s: nobody was told of the exit %s" % (central.id, row)


def check_stays_ended(central, book):
    """The stay that an acknowledged exit ended is not open, and shows the fee of one of its exits. An exit without entry has a
    name of its own, which is in no row once its entry is known."""
    rows = {row["event_id"]: row for row in central.rows.query("SELECT event_id, status, fee, exit_ts FROM history")}
    fees = {}
    for row in central.rows.query("SELECT bound, fee FROM exits WHERE kind = 'counted'"):
        fees[row["bound"]] = row["fee"]
    for told in book.exits:
        row = rows.get(told.event_id)
        if row is None and told.event_id is not None and not told.event_id.startswith("exit_"):
            yield "%s: the stay %s, which an exit was told to end, is missing" % (central.id, told.event_id)
        elif row is not None and row["status"] == "IN":
            yield "%s: %s was told to have left and is inside: %s" % (central.id, told, row)
    for event_id, fee in fees.items():
        if rows[event_id]["fee"] != fee:
            yield "%s: the exit of %s took %s, its row says %s" % (central.id, event_id, fee, rows[event_id])


def check_money(central, book):
    """Only where every fee was told."""
    total, told = central.rows.revenue(), sum(e.fee for e in book.exits if e.fee is not None)
    if total != told and all(e.fee is not None for e in book.exits) or total < told:
        yield "%s: the gates were told %s, it holds %s" % (central.id, money(told), money(total))


def check_fees(central, book):
    """The fees follow from the times the gates told and the tariff each exit names."""
    tariffs = {"%d.%d %s %d" % (row["hlc_ms"], row["hlc_counter"], row["log"], row["seq"]):
               json.loads(row["payload"])["data"]["value"]
               for row in central.rows.query("SELECT * FROM records WHERE type = 'CONFIG_UPDATE' AND payload LIKE '%\"tariff\"%'")}
    entered = {row["event_id"]: row["entry_ts"] for row in central.rows.query("SELECT event_id, entry_ts FROM history")}
    charged = {(e.central, e.edge, e.plate if e.at is None else e.at): e for e in book.exits if e.by_tariff}
    for row in central.rows.exits().values():
        where = (row["central"], row["edge"])
        told = charged.get((*where, row["exit_ts"])) or charged.get((*where, row["plate_id"]))
        if told is None or row["reason"] == "missed" or told.plate in book.free and row["fee"] == 0:
            continue
        expected = 0
        if row["reason"] == "normal":
            if row["tariff"] is not None and row["tariff"] not in tariffs:
                yield "%s: the tariff %s of the exit %s is not held" % (central.id, row["tariff"], told)
                continue
            seconds = max(0, row["exit_ts"] - entered[row["stay"]]) // 1000
            expected = fee_for(seconds, tariffs.get(row["tariff"]))
        if row["fee"] != expected:
            yield "%s: the exit %s took %s; by the tariff it is %s" % (central.id, told, row["fee"], expected)


# ---- settings, and what the records say

def check_settings(central, book):
    """Every acknowledged change of a setting is a record, and what is in force is the last by W."""
    said, last = {}, {}
    for row in central.rows.query("SELECT * FROM records WHERE type = 'CONFIG_UPDATE'"):
        data = json.loads(row["payload"])["data"]
        said.setdefault(data["key"], []).append(json.dumps(data["value"]))
        place = (row["hlc_ms"], row["hlc_counter"], row["log"], row["seq"])
        last[data["key"]] = max(last.get(data["key"], place), place)
    for key, text in book.settings:
        if not any(text in value for value in said.get(key, [])):
            yield "%s: the change of the setting %s to %s was acknowledged and is no record" % (central.id, key, text)
    held = {row["key"]: (row["hlc_ms"], row["hlc_counter"], row["log"], row["seq"])
            for row in central.rows.query("SELECT * FROM settings")}
    if held != last:
        yield "%s: in force are the settings %s, the last written are %s" % (central.id, held, last)


MODEL_ROWS = """
    SELECT h.event_id, h.plate_id, h.status, h.superseded_by, h.entry_at AS entry, h.exit_at AS exit, h.fee,
    (SELECT count(*) FROM exits e WHERE e.bound = h.event_id AND e.kind = 'second') AS second_exits,
    (SELECT coalesce(sum(fee), 0) FROM exits e WHERE e.bound = h.event_id) AS money,
    h.confirmed_ts IS NOT NULL AS confirmed, h.missed_by IS NOT NULL AS missed FROM history h WHERE h.status <> 'BOUND'"""


def check_model(central, _book):
    """The rows are what the executable model of the merge makes of the records held."""
    kinds = "('VEHICLE_ENTRY_PENDING', 'VEHICLE_ENTRY_CONFIRMED', 'VEHICLE_EXIT', 'HISTORY_UPDATE', 'HISTORY_DELETE')"
    records = [json.loads(row["payload"]) for row in central.rows.query("SELECT payload FROM records WHERE type IN " + kinds)]
    expected = merge_model.history(records)
    held = {row["event_id"]: row for row in central.rows.query(MODEL_ROWS)}
    for name in sorted(expected.keys() | held.keys()):
        if expected.get(name) != held.get(name):
            yield "%s: %s is held as %s; by the model it is %s" % (central.id, name, held.get(name), expected.get(name))


# ---- the databases and the programs

def check_integrity(central):
    said = central.rows.integrity()
    if said != "ok":
        yield "%s: integrity_check says %s" % (central.id, said)


def check_alarms(central):
    """No log is said to be forked, rolled back or of an unknown author: nobody has done any of that."""
    for row in central.rows.query("SELECT log, id, flags FROM logs WHERE flags & ? <> 0", ALARMS):
        yield "%s: the log %s of %s has the flags %d" % (central.id, row["log"], row["id"], row["flags"])


def each(site, check, *more):
    """One check at every central -> list of what is wrong"""
    return [wrong for central in site for wrong in check(central, *more)]


def equal(site, what, read):
    """-> whose read(central) is not the first's"""
    first, *others = site
    expected = read(first)
    return ["%s differ between %s and %s" % (what, first.id, other.id) for other in others if read(other) != expected]


def settings(central):
    return central.rows.query("SELECT * FROM settings ORDER BY key")


def claims(site, book):
    """-> [(claim in words, list of what speaks against it)]"""
    told = sum(e.fee for e in book.exits if e.fee is not None)
    return [
        ("all %d centrals hold the same %d records" % (len(site), site[0].rows.records()),
         [] if site.converged() else ["the logs differ"]),
        ("history and exits are equal on all of them", site.compare()),
        ("so are the site's settings, and each of the %d acknowledged changes is held" % len(book.settings),
         equal(site, "the settings", settings) + each(site, check_settings, book)),
        ("each of the %d acknowledged entries is on every central, and no other" % len(book.entries),
         each(site, check_entries, book)),
        ("each of the %d acknowledged exits is on every central with the fee told, and no other" % len(book.exits),
         each(site, check_exits, book) + each(site, check_stays_ended, book)),
        ("no plate has two open stays", each(site, check_inside, book)),
        ("the revenue of each central is what the gates were told: %s" % money(told), each(site, check_money, book)),
        ("every fee follows from the times the gates told", list(check_fees(site[0], book))),
        ("the rows are what the model of the merge makes of the records", list(check_model(site[0], book))),
        ("nobody got an answer he should not get", book.oddities),
        ("all databases are whole (integrity_check), no log raises an alarm",
         each(site, check_integrity) + each(site, check_alarms)),
        ("no program crashed", [line for central in site for line in central.faults()]),
    ]


def prove(found):
    """Print every claim and what speaks against it -> do all hold?"""
    good = True
    for claim, against in found:
        print("  %s  %s" % ("FAILS" if against else "holds", claim))
        for line in against[:5]:
            print("           %s" % line)
        if len(against) > 5:
            print("           … and %d more" % (len(against) - 5))
        good = good and not against
    return good
