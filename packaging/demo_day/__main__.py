"""A day at a site with three centrals and twelve gates, in about a minute: packaging/demo builds and runs this."""
import argparse
import fcntl
import os
import random
import secrets
import shutil
import signal
import sys
import time
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, ROOT)

from plan import CENTRALS, CUT_OFF, HOUR, MINUTE, STOPPED, Plan     # noqa: E402
from play import Play                                       # noqa: E402
import table                                                # noqa: E402

from tests.site import proof                                # noqa: E402
from tests.site.book import Book                            # noqa: E402
from tests.site.people import add_user                      # noqa: E402
from tests.site.ports import free_ports, is_free            # noqa: E402
from tests.site.site import Site                            # noqa: E402
from tests.site.wait import NotSeen, wait_for               # noqa: E402

VIETNAM = timezone(timedelta(hours=7))
USUAL_PORT = 8001


def arguments():
    parser = argparse.ArgumentParser(prog="packaging/demo", description="Three centrals on this machine, twelve gates, and a day "
                                     "of traffic through the HTTP API; at the end the proof that all three hold what the gates "
                                     "were told. Then it stays up for browsing.")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help="end after the traffic: exit 0 if all three agree, else 1")
    parser.add_argument("--seed", type=int, help="play the same day again (default: a new one, its seed is printed)")
    parser.add_argument("--stays", type=int, default=2500, help="how many vehicles come (default 2500)")
    parser.add_argument("--seconds", type=float, default=70, help="how long the day takes at least (default 70)")
    parser.add_argument("--port", type=int, help="HTTP port of the first central, the others follow (default %d, or free ones "
                        "if those are taken)" % USUAL_PORT)
    chosen = parser.parse_args()
    if chosen.stays < 1 or chosen.seconds < 0:
        parser.error("--stays has to be at least 1, --seconds at least 0")
    if chosen.port is not None and not 1 <= chosen.port <= 65536 - CENTRALS:
        parser.error("--port has to be between 1 and %d" % (65536 - CENTRALS))
    return chosen


def fresh_folder(build):
    """-> the folder for the databases, empty, and a lock on it to be kept: a second demo must not empty it under the first."""
    lock = open(os.path.join(build, "demo.lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("demo: another demo is running in %s. End that one first." % build)
    folder = os.path.join(build, "demo")
    try:
        if os.path.exists(folder):
            shutil.rmtree(folder)
    except OSError as e:
        sys.exit("demo: %s of an earlier run cannot be removed (%s). Remove it, or run this with sudo." % (folder, e.strerror))
    return folder, lock


def choose_ports(wanted):
    """HTTP ports of the centrals."""
    ports = [(wanted or USUAL_PORT) + i for i in range(CENTRALS)]
    taken = [str(port) for port in ports if not is_free(port)]
    if not taken:
        return ports
    if wanted is not None:
        sys.exit("demo: port %s is in use. Choose others with --port, or leave --port out." % " and ".join(taken))
    print("In use already: port %s. So free ones are taken." % ", ".join(taken))
    return free_ports(CENTRALS)


def yesterday():
    """-> (the day as text, Unix ms it began); it is over before the play starts"""
    midnight = datetime.now(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return midnight.strftime("%d/%m/%Y"), int(midnight.timestamp() * 1000)


def clock(ms):
    return "%02d:%02d" % (ms // HOUR, ms // MINUTE % 60)


def announce(seed, day, plan):
    print("Seed %d. The day is %s: %d vehicles at %d gates, %d leave by another central than they came in by, "
          "%d are seen at two gates at once." % (seed, day, plan.visits, CENTRALS * 4, plan.away, plan.doubles))
    for what, (central, begin, end) in (("stopped", STOPPED), ("off the network", CUT_OFF)):
        print("central-%d is %s from %s to %s." % (central + 1, what, clock(begin), clock(end)), flush=True)


def nothing_behind(site):
    return all(peer["behind"] == peer["ahead"] == 0 for central in site for peer in central.status()["peers"])


def the_day(site, chosen, seed):
    """Play it and prove it -> do all claims hold?"""
    day, day_start = yesterday()
    plan, book = Plan(seed, chosen.stays), Book()
    announce(seed, day, plan)
    began = time.monotonic()
    Play(site, plan, day_start, chosen.seconds, book).run()
    print("The day took %.0f s: %d requests, %d refused by the state of things; at most %d events waited at the gates."
          % (time.monotonic() - began, book.requests, book.refused, book.kept))
    began = time.monotonic()
    try:
        site.wait_converged()
        print("All three held the same records %.1f s after the last request." % (time.monotonic() - began))
        wait_for(lambda: nothing_behind(site), what="no central to be behind")
    except NotSeen as e:
        print("The centrals did not come together: %s" % e)
    print("\n" + "\n".join(table.lines(site, book)))
    print("Conflicts at %s: %s.\n" % (site[0].id, ", ".join("%d %s" % (n, what) for what, n in table.conflicts(site[0]))))
    return proof.prove(proof.claims(site, book))


def stay_up(site):
    password = secrets.token_urlsafe(9)
    for central in site:
        add_user(central, "admin", "admin", password)
    print("\nThe three centrals stay up; Ctrl-C ends them. Log in as admin with the password %s" % password)
    for central in site:
        print("  %s  %s/   %s/api/parking/history?limit=20" % (central.id, central.url.rstrip("/"), central.url.rstrip("/")))
    sys.stdout.flush()
    while True:
        signal.pause()


def hand_over(folder):
    """After a run by root the owner of the source tree can go on with the folder."""
    if os.geteuid() != 0 or not os.path.isdir(folder):
        return
    owner = os.stat(ROOT)
    for path, folders, files in os.walk(folder):
        for name in [path] + [os.path.join(path, name) for name in folders + files]:
            os.chown(name, owner.st_uid, owner.st_gid, follow_symlinks=False)


def ended(*_):
    raise KeyboardInterrupt


def main():
    chosen = arguments()
    signal.signal(signal.SIGTERM, ended)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10 ** 6)
    ports = choose_ports(chosen.port)
    folder, _lock = fresh_folder(os.path.abspath(chosen.build))
    good, site = False, Site(folder, CENTRALS, relayed=True, build=os.path.abspath(chosen.build), api_ports=ports)
    try:
        site.start()
        good = the_day(site, chosen, seed)
        if not good:
            print("\nNot all of it holds. The same day again: packaging/demo --seed %d" % seed)
        if not chosen.once:
            stay_up(site)
    except NotSeen as e:
        print("demo: %s" % e, file=sys.stderr)
    except KeyboardInterrupt:
        print()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # an impatient second Ctrl-C would leave centrals behind
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        site.clean_up()
        hand_over(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
