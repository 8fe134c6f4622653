"""From an earlier version with a site's data."""
from life import held, programs
from place import UNITS, end_load, lost_nothing

CONF = "/etc/parkmesh/parkmesh.conf"


def test_an_earlier_version_at_work(s):
    m = s["m"] = s["place"].machine("upgrade")
    m.install(s["place"].old)
    m.serves()
    m.ctl("edge", "add", "edge-1")
    m.ctl("user", "add", "binh", "--role", "admin", stdin="correct horse battery\n")
    load = m.start_load("29U")
    m.run("sleep", "1")
    lost_nothing(m, end_load(load))
    m.sh("echo '# of this site' >>%s" % CONF)
    s["held"] = held(m)


def test_the_upgrade_under_load(s):
    m = s["m"]
    load = m.start_load("29V")
    m.put(s["place"].deb, "/root/parkmesh.deb")
    m.apt("install", "/root/parkmesh.deb", "-o", "Dpkg::Options::=--force-confold")
    told = lost_nothing(m, end_load(load))
    assert m.run("dpkg-query", "-W", "-f", "${Version}", "parkmesh") == s["place"].version
    return told


def test_the_data_survives(s):
    m, before = s["m"], s["held"]
    now = held(m)
    assert len(before["stays"]) > 100, before
    lost = [id for id, stay in before["stays"].items() if now["stays"].get(id) != stay]
    assert not lost, lost[:10]
    assert (now["edges"], now["people"]) == (before["edges"], before["people"]), now
    assert "# of this site" in m.run("cat", CONF)


def test_the_services_run_the_new_version(s):
    m = s["m"]
    for unit in UNITS:
        assert m.unit(unit, "ActiveState") == "active", m.run("systemctl", "status", unit, check=False)
    assert len(programs(m)) >= 2 and not [program for program in programs(m) if "deleted" in program], programs(m)


def test_it_survives_a_reboot(s):
    m = s["m"]
    before = held(m)
    m.reboot()
    m.serves()
    assert held(m) == before, "something else is held after the reboot"
