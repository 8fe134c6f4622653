"""Several centrals that are each other's peers, and what has to be equal on all of them."""
import os
import secrets
from itertools import permutations

from tests.site.central import Central
from tests.site.proxy import Link, Relay
from tests.site.wait import PATIENCE, wait_for


class Site:
    """count centrals, central-1 …, each knowing the links given (pairs of numbers from 0; default: all).

    relayed: between the members of a pair the connections go through relays, one for each direction of dialling, which
    cut() and heal() act on."""

    def __init__(self, folder, count, links=None, relayed=False, build=None, api_ports=None):
        os.makedirs(folder, exist_ok=True)
        self.secret_file = os.path.join(folder, "mesh-secret")
        write_secret(self.secret_file)
        self.centrals = [Central("central-%d" % (i + 1), folder, secret_file=self.secret_file, build=build,
                                 api_port=api_ports[i] if api_ports else None) for i in range(count)]
        self.relays = {}
        wanted = {frozenset(link) for link in links} if links is not None else None
        for i, j in permutations(range(count), 2):
            if wanted is None or frozenset((i, j)) in wanted:
                self._acquaint(i, j, relayed)

    def _acquaint(self, i, j, relayed):
        """Tell i of j."""
        port = self.centrals[j].p2p_port
        if relayed:
            self.relays[(i, j)] = Relay(port)
            port = self.relays[(i, j)].port
        self.centrals[i].peers[self.centrals[j].id] = ("127.0.0.1", port)

    def __getitem__(self, number):
        return self.centrals[number]

    def __iter__(self):
        return iter(self.centrals)

    def __len__(self):
        return len(self.centrals)

    def start(self):
        """All at once; return when all are ready and every link stands."""
        for central in self:
            central.start(wait=False)
        for central in self:
            central.wait_ready()
        self.wait_connected()
        return self

    def wait_connected(self, seconds=PATIENCE):
        """Until every running central is connected with all its peers that run."""
        running = {central.id for central in self if central.running()}
        for central in self:
            if central.running():
                ids = sorted(running.intersection(central.peers))
                wait_for(lambda: central.connected(*ids), seconds,
                         lambda: "%s to be connected with %s; it says %s" % (central.id, ids, central.status()["peers"]))

    def cut(self, *numbers):
        """Cut these centrals off all others (of two groups: those named and the rest)."""
        for (i, j), relay in self.relays.items():
            if (i in numbers) != (j in numbers):
                relay.cut()

    def cut_between(self, i, j):
        """Cut one link, both ways of dialling."""
        self.link(i, j).cut()

    def link(self, i, j):
        """Of two centrals that go through relays -> Link."""
        return Link(self.relays[(i, j)], self.relays[(j, i)])

    def islands(self, *groups):
        """Cut every link between two groups of numbers."""
        island = {number: group for group in groups for number in group}
        for (i, j), relay in self.relays.items():
            if island[i] is not island[j]:
                relay.cut()

    def heal(self):
        """All relays hand on again, and as well as they can."""
        for relay in self.relays.values():
            relay.calm()
            relay.heal()

    # ---- agreement

    def converged(self):
        """Do all centrals hold the same records (not none)?"""
        heads = [central.rows.heads() for central in self]
        return bool(heads[0]) and all(other == heads[0] for other in heads[1:])

    def wait_converged(self, seconds=120.0):
        wait_for(self.converged, seconds,
                 lambda: "the same records on all centrals; held: %s" % [central.rows.records() for central in self])

    def compare(self):
        """-> list of differences between the first central's `history` and `exits` and the others', in words; empty if all
        agree."""
        first, found = self.centrals[0], []
        history, exits = first.rows.shared_history(), first.rows.exits()
        for other in self.centrals[1:]:
            found += differences("history", first.id, history, other.id, other.rows.shared_history())
            found += differences("exits", first.id, exits, other.id, other.rows.exits())
        return found

    def check_agreement(self, seconds=120.0):
        """Wait until all hold the same records; then the rows have to be the same, too, and each database whole."""
        self.wait_converged(seconds)
        found = self.compare()
        assert not found, "the centrals differ in %d places:\n%s" % (len(found), "\n".join(found[:20]))
        for central in self:
            seen = central.rows.integrity()
            assert seen == "ok", "%s: integrity_check says %s" % (central.id, seen)

    def clean_up(self):
        for central in self:
            central.clean_up()
        for relay in self.relays.values():
            relay.clean_up()


def write_secret(path, secret=None):
    """A mesh secret in a file only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write((secret or secrets.token_hex(16)) + "\n")
    return path


def differences(table, a, rows_a, b, rows_b):
    """Two dicts of rows by key -> where they differ, in words."""
    found = []
    for key in sorted(rows_a.keys() | rows_b.keys()):
        if key not in rows_b:
            found.append("%s %s: on %s, not on %s" % (table, key, a, b))
        elif key not in rows_a:
            found.append("%s %s: on %s, not on %s" % (table, key, b, a))
        elif rows_a[key] != rows_b[key]:
            columns = [name for name in rows_a[key] if rows_a[key][name] != rows_b[key].get(name)]
            found.append("%s %s: %s" % (table, key, "; ".join(
                "%s is %r on %s, %r on %s" % (name, rows_a[key][name], a, rows_b[key].get(name), b) for name in columns)))
    return found
