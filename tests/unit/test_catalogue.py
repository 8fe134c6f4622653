#!/usr/bin/python3
"""The catalogues of texts against the templates and sources that use them: none missing, none unused, the same in all languages;
and that templates hold no text of their own."""
import glob
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.unit import findings                             # noqa: E402

ROOT = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LANGUAGES = ("vi", "en")
# Groups whose texts are named by a word that a source says elsewhere: fault.CODE, deed.WHAT and so on. -> where that word stands.
BY_WORD = {"fault": ("fcgi/*.c", "lib/domain/*.c"), "failed": ("lib/base/err.c", "fcgi/*.c"), "deed": ("fcgi/*.c", "lib/domain/*.c"),
           "cause": ("lib/domain/cause.c",),
           "condition_title": ("lib/domain/conditions.c",), "condition_text": ("lib/domain/conditions.c",),
           "lane": ("lib/domain/edge.c",), "link": ("fcgi/picture_mesh.c",), "member": ("fcgi/page_*.c", "lib/domain/*.c"),
           "role": ("lib/store/users.c",),
           "stay_flag": ("lib/domain/stay.c",), "stay_flag_why": ("lib/domain/stay.c",), "exit_kind": ("lib/store/exits.c",),
           "exit_reason": ("lib/domain/*.c",), "record_type": ("lib/wire/record.c",), "change_type": ("lib/domain/stay.c",),
           "warning_title": ("lib/domain/warnings.c",), "warning_text": ("lib/domain/warnings.c",)}
# What may stand in a template besides texts of the catalogue: names.
NAMES = {"Authorization", "Bearer", "parkmesh", "parkmeshctl", "setup-link", "ms"}
WORDS = re.compile(r"[^\W\d_][\w-]*")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def files(*patterns):
    return sorted(os.path.relpath(path, ROOT) for pattern in patterns for path in glob.glob(os.path.join(ROOT, pattern)))


def catalogue(language):
    groups = json.loads(read("templates/%s.json" % language))
    return {"%s.%s" % (group, name): text for group, texts in groups.items() for name, text in texts.items()}


def in_templates():
    return {name: path for path in files("templates/*.html") for name in re.findall(r"\{\{\s*t\.([\w.-]+)\s*\}\}", read(path))}


def in_sources():
    """Literals "group.name" of C sources whose group the catalogue has."""
    groups = {name.split(".")[0] for name in catalogue("vi")}
    return {"%s.%s" % one: path for path in files("fcgi/*.c") for one in re.findall(r'"(\w+)\.(\w+)"', read(path)) if one[0] in groups}


def test_languages_have_the_same_texts():
    held = {language: set(catalogue(language)) for language in LANGUAGES}
    for language in LANGUAGES:
        yield from ("%s.json lacks %s" % (language, name) for name in sorted(set.union(*held.values()) - held[language]))


def test_languages_say_the_same_values():
    vi, en = (catalogue(language) for language in LANGUAGES)
    for name in sorted(vi.keys() & en.keys()):
        one, other = (set(re.findall(r"\{\{\s*([#^/]?)\s*([\w.]+)\s*\}\}", texts[name])) for texts in (vi, en))
        if {value for _, value in one} != {value for _, value in other}:
            yield "%s uses %s in vi.json and %s in en.json" % (name, sorted(one), sorted(other))


def test_no_text_is_empty_or_untranslated():
    vi, en = (catalogue(language) for language in LANGUAGES)
    yield from ("%s is empty" % name for texts in (vi, en) for name, text in texts.items() if not text.strip())
    letters = re.compile("[ăâđêôơưàáạảãằắặẳẵầấậẩẫèéẹẻẽềếệểễìíịỉĩòóọỏõồốộổỗờớợởỡùúụủũừứựửữỳýỵỷỹ]", re.I)
    yield from ("%s is not English" % name for name, text in en.items() if letters.search(text) and name != "layout.other_language")


def test_every_text_that_is_used_is_there():
    held = set(catalogue("vi"))
    for used in (in_templates(), in_sources()):
        yield from ("%s uses %s, which is in no catalogue" % (used[name], name) for name in sorted(used.keys() - held))


def test_every_text_is_used():
    used = in_templates().keys() | in_sources().keys()
    for group, where in BY_WORD.items():
        words = {word for path in files(*where) for word in re.findall(r'"(\w+)"', read(path))}
        used |= {"%s.%s%s" % (group, word, own) for word in words for own in ("", "_own")}
    options = {"%s.%s" % (words, option) for path in files("fcgi/page_*.c")
               for options, words in re.findall(r'\.options = "([\w|-]+)",\s*\.words = "(\w+)"', read(path))
               for option in options.split("|")}
    yield from ("%s is used nowhere" % name for name in sorted(catalogue("vi").keys() - used - options))
    yield from ("%s is an option and in no catalogue" % name for name in sorted(options - catalogue("vi").keys()))


def test_what_is_noted_in_the_audit_list_can_be_said():
    said = {word for path in files("fcgi/*.c", "lib/domain/*.c")
            for call in re.findall(r"deed_note\(([^;]*?)\)[;\s]", read(path).replace("\n", " "))
            for word in re.findall(r'"(\w+)"', call)[:2]}
    if len(said) < 10:
        yield "these are not the words: %s" % sorted(said)
    yield from ("deed.%s is in no catalogue" % word for word in sorted(said) if "deed.%s" % word not in catalogue("vi") and "_" in word)


def test_every_cause_can_be_said():
    enum = re.search(r"enum cause \{(.*?)CAUSE_COUNT", read("lib/domain/cause.h"), re.S).group(1)
    names = dict(re.findall(r'\[(CAUSE_\w+)\] = "(\w*)"', read("lib/domain/cause.c")))
    causes = re.findall(r"^\s*(CAUSE_\w+),", enum, re.M)
    if len(causes) < 30:
        yield "these are not the causes: %s" % causes
    for cause in causes[1:]:
        if not names.get(cause):
            yield "%s has no name in cause.c" % cause
        elif "cause." + names[cause] not in catalogue("vi"):
            yield "cause.%s is in no catalogue" % names[cause]


def test_bounds_come_from_the_program():
    """A refusal that a function gives with its bound repeats no number."""
    bounded = {code for path in files("fcgi/*.c", "lib/domain/*.c")
               for code in re.findall(r'fault_limit\([^"]*"(\w+)"', read(path))}
    if len(bounded) < 8:
        yield "these are not the refusals: %s" % sorted(bounded)
    for language in LANGUAGES:
        texts = catalogue(language)
        for code in sorted(bounded):
            text = texts.get("fault." + code)
            if text and ("{{limit}}" not in text or re.search(r"[2-9]|\d\d", text)):
                yield "fault.%s of %s.json does not say {{limit}}" % (code, language)
        for name, text in texts.items():
            if "{{limit}}" in text and name.startswith("fault.") and name[6:] not in bounded:
                yield "%s of %s.json says {{limit}}, and nobody gives it" % (name, language)


def test_templates_hold_no_text_of_their_own():
    for path in files("templates/*.html"):
        text = re.sub(r"\{\{.*?\}\}", " ", read(path), flags=re.S)
        shown = re.sub(r"<[^>]*>", " ", text) + " ".join(
            value for _, value in re.findall(r'\b(title|alt|placeholder|aria-label)="([^"]*)"', text))
        found = [word for word in WORDS.findall(re.sub(r"&\w+;", " ", shown)) if word not in NAMES]
        if found and os.path.basename(path) != "field_attributes.html":
            yield "%s says %s" % (path, found[:5])


def test_nothing_goes_raw_into_a_page_but_pictures():
    for path in files("templates/*.html"):
        raw = re.findall(r"\{\{\{.*?\}\}\}|\{\{\s*&.*?\}\}", read(path))
        if raw and (os.path.basename(path), raw) != ("picture.html", ["{{{svg}}}"]):
            yield "%s has %s" % (path, raw)


def test_templates_have_nothing_inline():
    for path in files("templates/*.html"):
        text = read(path)
        yield from ("%s has %s" % (path, what) for what in re.findall(r"<style|\sstyle=|\son\w+=|javascript:|https?://[^\"]*", text))
        yield from ("%s has an inline script" % path for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag)


def test_every_form_that_posts_shows_its_token():
    for path in files("templates/*.html"):
        for form in re.findall(r'<form[^>]*method="post".*?</form>', read(path), re.S | re.I):
            if "{{>csrf}}" not in form and "{{>form_top}}" not in form:
                yield "%s has a form without {{>csrf}}: %s" % (path, form[:60])


if __name__ == "__main__":
    findings.run(globals())
