#!/usr/bin/python3
"""The manual pages against the programs: each option and subcommand of --help stands in its page and the other way round, each key
of parkmesh.conf in its, examples are calls that exist, and man and mandoc have nothing to complain of. And what bash completes."""
import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site.build import ROOT, find_build       # noqa: E402
from tests.unit import findings                     # noqa: E402

SOURCE = os.environ.get("PARKMESH_SOURCE") or ROOT
BUILD = find_build()
PROGRAMS = {"parkmeshctl.1": "ctl/parkmeshctl", "parkmesh-central.1": "ctl/parkmesh-central", "p2pd.8": "p2pd/p2pd",
            "parkmesh.fcgi.8": "fcgi/parkmesh.fcgi", "parkmesh-watch.8": "ctl/parkmesh-watch"}
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
FOREIGN = {"nginx 8"}               # pages of other packages that ours may name
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")
COMPLETION = "/usr/share/bash-completion/bash_completion"


def pages():
    return sorted(glob.glob(os.path.join(SOURCE, "doc", "*.[1-9]")))


def page(name):
    with open(os.path.join(SOURCE, "doc", name), encoding="utf-8") as f:
        return f.read()


def told(*command, **how):
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, LC_ALL="C.UTF-8", **how))
    return done.stdout, done.stderr, done.returncode


def helped(program, *words):
    out, _, status = told(os.path.join(BUILD, program), *words, "--help")
    assert status == 0 and out, (program, words, out)
    return out


def flags(text):
    """The long options that a piece of a page names as its own."""
    return {name for line in text.split("\n") for name in re.findall(r"(?:^\.|[ |])(?:Fl) -([a-z][a-z0-9-]*)", line)
            } | {name for line in text.split("\n") if line.startswith((".Fl ", ".Op Fl ", ".It Fl "))
                 for name in re.findall(r"\| -([a-z][a-z0-9-]*)", line)}


def differences(what, there, here):
    yield from ("%s: --help has %s, the page has not" % (what, one) for one in sorted(there - here))
    yield from ("%s: the page has %s, --help has not" % (what, one) for one in sorted(here - there))


def subcommands():
    """{"peer add": its help} of parkmeshctl."""
    found = re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?= )", helped("ctl/parkmeshctl"), re.M)
    return {name: helped("ctl/parkmeshctl", *name.split()) for name in found}


def described():
    """{"peer add": its part of the page}."""
    parts = re.split(r"^\.It Ic ([a-z][a-z -]*[a-z])(?= [A-Z]|$)", page("parkmeshctl.1"), flags=re.M)
    return {name: text.split("\n.Ss ")[0].split("\n.Sh ")[0] for name, text in zip(parts[1::2], parts[2::2])}


def test_options_are_those_of_the_programs():
    for name, program in PROGRAMS.items():
        text = page(name)
        if name == "parkmeshctl.1":
            text = text[:text.index(".Ss State of the central")]
        yield from differences(name, set(OPTION.findall(helped(program))), flags(text))


def test_each_option_is_explained():
    for name in PROGRAMS:
        text = page(name)
        if name == "parkmeshctl.1":
            text = text[:text.index(".Ss State of the central")]
        listed = {flag for line in text.split("\n") if line.startswith(".It Fl") for flag in flags(line)}
        yield from ("%s does not explain --%s" % (name, flag) for flag in sorted(flags(text) - listed))


def test_subcommands_are_those_of_parkmeshctl():
    yield from differences("parkmeshctl.1", set(subcommands()), set(described()))


def test_options_of_subcommands():
    common = set(OPTION.findall(helped("ctl/parkmeshctl")))
    parts = described()
    for name, usage in subcommands().items():
        yield from differences("parkmeshctl %s" % name, set(OPTION.findall(usage)) - common, flags(parts.get(name, "")) - common)


def test_words_that_follow_subcommands():
    parts = described()
    for name in subcommands():
        usage = subcommands_line(name)
        there = set(re.findall(r"\b[A-Z]{2,}\b", usage)) - {"PATH", "PASSWORD"}
        here = set(re.findall(r"\b[A-Z]{2,}\b", parts.get(name, "").split("\n")[0]))
        yield from differences("parkmeshctl %s" % name, there, here)


def subcommands_line(name):
    return helped("ctl/parkmeshctl", *name.split()).split("\n")[0]


def test_keys_of_the_configuration():
    with open(os.path.join(SOURCE, "packaging", "parkmesh.conf"), encoding="utf-8") as f:
        there = set(re.findall(r"^#?([a-z][a-z0-9_]*) =", f.read(), re.M))
    here = {key for line in re.findall(r"^\.It Ic (.*)", page("parkmesh.conf.5"), re.M) for key in line.split(" , ")}
    yield from ("parkmesh.conf.5 lacks %s, or packaging/parkmesh.conf does" % key for key in sorted(there ^ here))
    if not there:
        yield "packaging/parkmesh.conf has no key"


def test_each_page_has_its_sections():
    for path in pages():
        found = re.findall(r"^\.Sh (.*)", page(os.path.basename(path)), re.M)
        wanted = SECTIONS if os.path.basename(path) in PROGRAMS else ["NAME", "DESCRIPTION", "EXAMPLES", "SEE ALSO"]
        yield from ("%s has no section %s" % (os.path.basename(path), one) for one in wanted if one not in found)


def test_exit_statuses():
    yield from ("%s does not name exit status %d" % (name, status) for name in PROGRAMS for status in (0, 1, 2)
                if not re.search(r"^\.It %d$" % status, page(name), re.M))


def test_examples_are_calls_that_exist():
    known = sorted(subcommands())
    for path in pages():
        for words in re.findall(r"parkmeshctl ((?:--json |--\w+ \S+ )*)([a-z][a-z-]*(?: [a-z][a-z-]*)?)",
                                page(os.path.basename(path)).split(".Sh EXAMPLES")[-1].split(".Sh SEE")[0]):
            if words[1] not in known and words[1].split()[0] not in known:
                yield "%s: there is no parkmeshctl %s" % (os.path.basename(path), words[1])


def test_pages_name_pages_that_there_are():
    ours = {" ".join(os.path.basename(path).rsplit(".", 1)) for path in pages()}
    for path in pages():
        found = {"%s %s" % one for one in re.findall(r"^\.Xr (\S+) (\d)", page(os.path.basename(path)), re.M)}
        yield from ("%s names %s" % (os.path.basename(path), one) for one in sorted(found - ours - FOREIGN))


def test_man_and_mandoc_have_nothing_to_complain_of():
    if not pages():
        yield "there are no pages"
    for path in pages():
        out, err, _ = told("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path, MANROFFSEQ="", MANWIDTH="80")
        yield from (line for line in err.split("\n") if line)
        out, err, _ = told("mandoc", "-T", "lint", path)
        yield from (line for line in (out + err).split("\n") if line and "referenced manual not found" not in line)


# ---- bash

def completions(program, *words):
    """What bash offers for the last of these words."""
    script = os.path.join(SOURCE, "packaging", "completions", os.path.basename(program))
    line = " ".join([os.path.join(BUILD, program), *words])
    code = ('source %s; source "$SCRIPT"; set -u; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE=$LINE; COMP_POINT=${#LINE}; '
            'COMP_TYPE=9; COMP_KEY=9; set +u; "_$NAME" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; '
            'printf "%%s\\n" "${COMPREPLY[@]}"' % COMPLETION)
    out, err, status = told("bash", "-c", code, "bash", os.path.join(BUILD, program), *words, SCRIPT=script, LINE=line,
                            NAME=os.path.basename(program).replace("-", "_"))
    assert status == 0 and not err, (words, status, err)
    return sorted(filter(None, out.split("\n")))


def test_bash_completes_subcommands():
    known = sorted(subcommands())
    yield from differences("bash", {name.split()[0] for name in known}, set(completions("ctl/parkmeshctl", "")))
    for first in sorted({name.split()[0] for name in known if " " in name}):
        yield from differences("bash " + first, {name.split()[1] for name in known if name.startswith(first + " ")},
                               set(completions("ctl/parkmeshctl", first, "")))
    if completions("ctl/parkmeshctl", "--json", "peer", "re") != ["remove", "repin"]:
        yield "peer re"


def test_bash_knows_which_options_have_a_value():
    """Else it would take the value for a word of its own."""
    for program, helps in (("parkmeshctl", [helped("ctl/parkmeshctl"), *subcommands().values()]),
                           ("parkmesh-central", [helped("ctl/parkmesh-central")])):
        with open(os.path.join(SOURCE, "packaging", "completions", program), encoding="utf-8") as f:
            known = set(OPTION.findall(" ".join(line for line in f.read().split("\n") if line.lstrip().startswith("--"))))
        valued = {name for usage in helps for name in re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*) (?:[A-Z]|entry|viewer)", usage)}
        yield from ("completions/%s: --%s takes a value" % (program, name) for name in sorted(valued - known))
        if not valued:
            yield "%s: no option takes a value?" % program


def test_bash_completes_options_and_their_values():
    for program in ("ctl/parkmeshctl", "ctl/parkmesh-central"):
        yield from differences("bash " + program, {"--" + one for one in OPTION.findall(helped(program))},
                               set(completions(program, "--")))
    for words, wanted in (("edge add edge-1 --la", ["--lane"]), ("edge add --lane ", ["both", "entry", "exit"]),
                          ("user add binh --role o", ["operator"]), ("user role binh ", ["admin", "operator", "viewer"]),
                          ("secret set --ge", ["--generate"]), ("verify ", []), ("nonsense ", [])):
        found = completions("ctl/parkmeshctl", *words.split(" "))
        if found != wanted:
            yield "%s gave %s" % (words, found)


if __name__ == "__main__":
    findings.run(globals())
