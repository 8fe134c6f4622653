"""What lintian says of the package."""
import os

from machine import call


def test_lintian_has_nothing_to_say(s):
    deb = s["place"].deb
    told = call("lintian", "--allow-root", "--fail-on=error,warning", "--tag-display-limit=0", "--no-cfg", os.path.abspath(deb))
    assert not told.strip(), told
