"""A central's database, seen from outside and read-only (tables of spec/records.md)."""
import contextlib
import sqlite3

# what is each central's own affair in a row of `history` (spec/records.md: "Equal on all centrals")
OWN_COLUMNS = ("id", "sync_status", "created_at", "updated_at", "change", "looked")


class Rows:
    """Views of one parkmesh.db. Every call opens and closes its own connection: nothing holds a checkpoint up, any thread may
    call, and it works the same while the central is down."""

    def __init__(self, path):
        self.path = path

    def query(self, sql, *values):
        """-> list of dicts."""
        uri = "file:%s?mode=ro" % self.path
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql, values)]

    def value(self, sql, *values):
        """First column of the first row, None without one."""
        found = self.query(sql, *values)
        return next(iter(found[0].values())) if found else None

    def values(self, sql, *values):
        """First column of all rows."""
        return [next(iter(row.values())) for row in self.query(sql, *values)]

    def history(self, **where):
        """Rows of `history` by equal columns, oldest row first: history(plate_id="29A12345", status="IN")."""
        sql = "SELECT * FROM history"
        if where:
            sql += " WHERE " + " AND ".join("%s IS ?" % name for name in where)
        return self.query(sql + " ORDER BY id", *where.values())

    def shared_history(self):
        """{event_id: row} of what has to be equal on all centrals."""
        found = {}
        for row in self.query("SELECT * FROM history WHERE status <> 'BOUND'"):
            for name in OWN_COLUMNS:
                del row[name]
            found[row["event_id"]] = row
        return found

    def exits(self):
        """{(log, seq): row} of `exits`: one row a distinct exit."""
        return {(row["log"], row["seq"]): row for row in self.query("SELECT * FROM exits")}

    def heads(self):
        """{log: (head seq, chain there)}: what is held. Equal heads are equal records, because the chain covers them."""
        return {row["log"]: (row["head_seq"], row["chain"])
                for row in self.query("SELECT log, head_seq, hex(head_chain) AS chain FROM logs")}

    def records(self):
        """Number of records held."""
        return self.value("SELECT count(*) FROM records")

    def revenue(self):
        """Sum of what all exits took."""
        return self.value("SELECT coalesce(sum(fee), 0) FROM exits")

    def integrity(self):
        """What PRAGMA integrity_check says: "ok"."""
        return "; ".join(row["integrity_check"] for row in self.query("PRAGMA integrity_check"))
