"""A machine whose nginx serves other sites, and others who want our port."""
from tests.site.wait import wait_for

OTHER = "server {\n\tlisten %s;\n\tserver_name _;\n\treturn 200 'the other site\\n';\n}\n"
AT_8000, AT_81 = "/etc/nginx/sites-enabled/eight", "/etc/nginx/sites-enabled/other"
SITE = "/usr/lib/parkmesh/nginx-site"
ENABLED = "/etc/nginx/sites-enabled/parkmesh"
TAKEN = "Port 8000 is used by "
WAY_OUT = "Then run: sudo /usr/lib/parkmesh/nginx-site enable"


def others_answer(m):
    assert m.run("curl", "-s", "http://127.0.0.1:81/") == "the other site\n"
    assert m.unit("nginx", "ActiveState") == "active"


def refused(m, told, who):
    assert TAKEN + who in told and WAY_OUT in told, told
    assert not m.works("test", "-e", ENABLED) and m.works("nginx", "-t")
    others_answer(m)


def test_port_of_another_program(s):
    m = s["m"] = s["place"].machine("neighbours")
    m.apt("install", "nginx")
    m.write(AT_81, OTHER % "81")
    m.run("systemctl", "reload", "nginx")
    m.run("systemd-run", "--unit=squatter", "systemd-socket-activate", "-l", "8000", "/bin/cat")
    others_answer(m)
    s["worker"] = m.unit("nginx", "MainPID")
    told = m.install(s["place"].deb)
    refused(m, told, "systemd-socket-")
    assert m.unit("parkmesh-fcgi", "ActiveState") == "active", "the services run all the same"


def test_it_is_enabled_once_the_port_is_free(s):
    m = s["m"]
    told = m.run(SITE, "enable", check=False)
    refused(m, told, "systemd-socket-")
    m.run("systemctl", "stop", "squatter")
    m.run(SITE, "enable")
    m.serves()
    others_answer(m)


def test_port_of_another_site(s):
    m = s["m"]
    m.run(SITE, "disable")
    m.write(AT_8000, OTHER % "8000")
    m.run("systemctl", "reload", "nginx")
    refused(m, m.run(SITE, "enable", check=False), "another site of nginx")
    # After a reload nginx's old processes may answer a little longer, as they were.
    wait_for(lambda: m.run("curl", "-s", "http://127.0.0.1:8000/") == "the other site\n", what="the other site at port 8000")


def test_port_of_a_site_of_a_nginx_that_does_not_run(s):
    m = s["m"]
    m.run("systemctl", "stop", "nginx")
    told = m.run(SITE, "enable", check=False)
    assert TAKEN + "another site of nginx" in told, told
    m.run("rm", AT_8000)
    told = m.run(SITE, "enable", check=False)
    assert "nginx does not run" in told and "systemctl start nginx" in told, told
    m.run("systemctl", "start", "nginx")
    m.serves()
    others_answer(m)


def test_a_configuration_that_nginx_refuses(s):
    """Somebody else's mistake: told, nothing reloaded, and all goes on as before."""
    m = s["m"]
    m.run(SITE, "disable")
    wait_for(lambda: m.status() == "000", what="nginx to leave the port")      # or the answer further down is one of before
    m.write("/etc/nginx/sites-enabled/broken", "server { listen 82; no_such_word; }\n")
    told = m.run(SITE, "enable", check=False)
    assert "no_such_word" in told and WAY_OUT in told, told
    assert not m.works("test", "-e", ENABLED)
    others_answer(m)
    m.run("rm", "/etc/nginx/sites-enabled/broken")
    m.run(SITE, "enable")
    m.serves()


def test_upgrade_beside_a_configuration_that_nginx_refuses(s):
    m = s["m"]
    m.write("/etc/nginx/sites-enabled/broken", "server { listen 82; no_such_word; }\n")
    m.apt("install", "--reinstall", "/root/parkmesh.deb")
    m.serves()
    others_answer(m)
    m.run("rm", "/etc/nginx/sites-enabled/broken")


def test_others_notice_nothing_of_a_purge(s):
    m = s["m"]
    assert m.unit("nginx", "MainPID") != "0"
    before = m.unit("nginx", "MainPID")
    m.apt("purge", "parkmesh")
    others_answer(m)
    assert m.unit("nginx", "MainPID") == before, "nginx was reloaded, not restarted"
    assert m.works("nginx", "-t")
