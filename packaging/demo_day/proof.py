"""The end of the day: what each central holds, whether they agree, and whether every answer a gate got is accounted for."""
from collections import Counter
from math import ceil

FREE_SECONDS, PER_HOUR = 1800, 25000        # the built-in tariff (spec/api.md, "Fee")


def fee_for(seconds):
    """The fee by the built-in tariff, reckoned here once more."""
    return 0 if seconds <= FREE_SECONDS else ceil((seconds - FREE_SECONDS) / 3600) * PER_HOUR


def money(amount):
    return "{:,}".format(amount).replace(",", ".") + " ₫"


# ---- the table

CONFLICTS = (
    ("entries seen at two gates", "SELECT count(*) FROM history WHERE status = 'SUPERSEDED'"),
    ("second exits", "SELECT count(*) FROM exits WHERE kind = 'second'"),
    ("exits without entry", "SELECT count(*) FROM exits WHERE kind = 'no_entry'"),
    ("missed exits", "SELECT count(*) FROM history WHERE exit_reason = 'missed' OR missed_by IS NOT NULL"),
)


def conflicts(central):
    """-> [(what, how many)] of what the merge had to settle, by this central's database"""
    return [(what, central.rows.value(sql)) for what, sql in CONFLICTS]


def held(central):
    """-> {column: figure} of what a central's database holds and its status says."""
    rows = central.rows
    return {"entries": rows.value("SELECT count(*) FROM history WHERE entry_ts IS NOT NULL AND status IN ('IN', 'OUT')"),
            "exits": rows.value("SELECT count(*) FROM exits WHERE reason IS NOT 'missed'"),
            "inside": rows.value("SELECT count(*) FROM history WHERE status = 'IN'"),
            "revenue": money(rows.revenue()), "conflicts": sum(number for _, number in conflicts(central)),
            "behind": sum(peer["ahead"] or 0 for peer in central.status()["peers"])}


def table(site, book):
    """-> lines"""
    head = ("central", "told: entries", "exits", "revenue", "holds: entries", "exits", "inside", "revenue", "conflicts",
            "records behind")
    lines = [head]
    for central in site:
        exits = [e for e in book.exits if e.central == central.id]
        here = held(central)
        lines.append((central.id, sum(e.central == central.id for e in book.entries), len(exits),
                      money(sum(e.fee for e in exits)), here["entries"], here["exits"], here["inside"], here["revenue"],
                      here["conflicts"], here["behind"]))
    wide = [max(len(str(line[i])) for line in lines) for i in range(len(head))]
    return ["  ".join(str(cell).ljust(wide[i]) if i == 0 else str(cell).rjust(wide[i]) for i, cell in enumerate(line))
            for line in lines]


# ---- the proof

def check_entries(central, book):
    """Every acknowledged entry is there as it was told, and no other."""
    rows = {row["event_id"]: row for row in central.rows.query("SELECT * FROM history WHERE entry_ts IS NOT NULL")}
    for told in book.entries:
        row = rows.pop(told.event_id, None)
        if row is None:
            yield "%s: the entry %s, acknowledged by %s, is missing" % (central.id, told.event_id, told.central)
        elif [row[name] for name in ("plate_id", "source_central", "edge_id", "entry_ts")] != [told.plate, told.central, told.edge,
                                                                                             told.at]:
            yield "%s: the entry %s was told as %s and is held as %s" % (central.id, told.event_id, told, row)
    for event_id in rows:
        yield "%s: no gate was told of the entry %s" % (central.id, event_id)


def check_exits(central, book):
    """Every acknowledged exit is in `exits` with the fee that was told, once, and there is no other money."""
    there = central.rows.exits()
    rows = {(row["central"], row["edge"], row["exit_ts"], row["reason"] == "missed"): row for row in there.values()}
    if len(rows) != len(there):
        yield "%s: two exits of one gate at one time" % central.id
    for told in book.exits:
        row = rows.pop((told.central, told.edge, told.at, False), None)
        if row is None:
            yield "%s: the exit %s, acknowledged by %s, is missing" % (central.id, told.event_id, told.central)
        elif (row["fee"], row["plate_id"]) != (told.fee, told.plate):
            yield "%s: the exit %s was told as %s and is held as %s" % (central.id, told.event_id, told, row)
    forced = Counter((e.central, e.edge, e.at) for e in book.entries if e.forced)
    for (where, edge, at, missed), row in rows.items():
        if not missed or row["fee"] != 0 or (where, edge, at) not in forced:
            yield "%s: no gate was told of the exit %s" % (central.id, row)


def check_money(central, book):
    total, told = central.rows.revenue(), sum(e.fee for e in book.exits)
    if total != told:
        yield "%s: the gates were told %s, it holds %s" % (central.id, money(told), money(total))


def check_fees(book):
    """The fees follow from the times the gates told."""
    entered = {e.event_id: e.at for e in book.entries}
    for told in book.exits:
        if told.event_id in entered:
            expected = fee_for(max(0, (told.at - entered[told.event_id]) // 1000))
            if told.fee != expected:
                yield "the exit of %s at %s was told %s; by the tariff it is %s" % (told.plate, told.edge, told.fee, expected)
        elif told.fee != 0:
            yield "the exit of %s without an entry was told the fee %s" % (told.plate, told.fee)


def check_integrity(central):
    said = central.rows.integrity()
    if said != "ok":
        yield "%s: integrity_check says %s" % (central.id, said)


def each(site, check, *more):
    """One check at every central -> list of what is wrong"""
    return [wrong for central in site for wrong in check(central, *more)]


def claims(site, book):
    """-> [(claim in words, list of what speaks against it)]"""
    entries, exits, revenue = len(book.entries), len(book.exits), sum(e.fee for e in book.exits)
    return [
        ("all three hold the same %d records" % site[0].rows.records(), [] if site.converged() else ["the logs differ"]),
        ("history and exits are equal on all three", site.compare()),
        ("each of the %d acknowledged entries is on every central, and no other" % entries, each(site, check_entries, book)),
        ("each of the %d acknowledged exits is on every central with the fee told, and no other" % exits,
         each(site, check_exits, book)),
        ("the revenue of each central is what the gates were told: %s" % money(revenue), each(site, check_money, book)),
        ("every fee follows from the times the gates told", list(check_fees(book))),
        ("no gate got an answer it should not get", book.oddities),
        ("all three databases are whole (integrity_check)", each(site, check_integrity)),
        ("no program crashed", [line for central in site for line in central.faults()]),
    ]


def prove(site, book):
    """Print every claim and what speaks against it -> do all hold?"""
    good = True
    for claim, against in claims(site, book):
        print("  %s  %s" % ("FAILS" if against else "holds", claim))
        for line in against[:5]:
            print("           %s" % line)
        if len(against) > 5:
            print("           … and %d more" % (len(against) - 5))
        good = good and not against
    return good
