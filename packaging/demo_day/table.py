"""The end of the day as a table: what each central was told, and what each holds. The proof is tests/site/proof.py."""
from tests.site.proof import money

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


def lines(site, book):
    """-> lines"""
    head = ("central", "told: entries", "exits", "revenue", "holds: entries", "exits", "inside", "revenue", "conflicts",
            "records behind")
    found = [head]
    for central in site:
        exits = [e for e in book.exits if e.central == central.id]
        here = held(central)
        found.append((central.id, sum(e.central == central.id for e in book.entries), len(exits),
                      money(sum(e.fee for e in exits)), here["entries"], here["exits"], here["inside"], here["revenue"],
                      here["conflicts"], here["behind"]))
    wide = [max(len(str(line[i])) for line in found) for i in range(len(head))]
    return ["  ".join(str(cell).ljust(wide[i]) if i == 0 else str(cell).rjust(wide[i]) for i, cell in enumerate(line))
            for line in found]
