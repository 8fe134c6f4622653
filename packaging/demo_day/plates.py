"""Number plates as they are seen in Vietnam, and as cameras read them."""
import re

PROVINCES = ("11 12 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 40 41 43 47 48 49 50 "
             "51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 81 82 83 84 "
             "85 86 88 89 90 92 93 94 95 97 98 99").split()
NEAR = "29 29 29 30 30 30 31 33 34 35 36 51 59 88 89 90 99".split()     # most vehicles are from around here
CAR_SERIES = "ABCDEFGHKL"
MOTO_SERIES = "BCDEFGHKLMNPSTUVXYZ"
ARMY = "TM TC KC KA BB QA PK AT HB".split()


def _five(chance):
    """123.45"""
    return "%03d.%02d" % (chance.randrange(1000), chance.randrange(100))


def _car(chance, province):
    kind = chance.random()
    if kind < 0.84:
        return "%s%s-%s" % (province, chance.choice(CAR_SERIES), _five(chance))
    if kind < 0.93:                                             # the older form, four digits
        return "%s%s-%04d" % (province, chance.choice(CAR_SERIES), chance.randrange(10000))
    if kind < 0.98:                                             # joint venture
        return "%sLD-%s" % (province, _five(chance))
    return "%s-%02d-%02d" % (chance.choice(ARMY), chance.randrange(100), chance.randrange(100))


def _moto(chance, province):
    kind = chance.random()
    series = chance.choice(MOTO_SERIES) + chance.choice("123456789")
    if kind < 0.86:
        return "%s%s-%s" % (province, series, _five(chance))
    if kind < 0.94:
        return "%s%s-%04d" % (province, series, chance.randrange(10000))
    return "%sMĐ%d-%s" % (province, chance.randint(1, 9), _five(chance))    # electric


def plate_view(chance, kind):
    """A plate as it is written on the vehicle. kind: "car" or "moto"."""
    province = chance.choice(NEAR if chance.random() < 0.8 else PROVINCES)
    return (_car if kind == "car" else _moto)(chance, province)


def plate_id(view):
    """The plate reduced as the centrals reduce it."""
    return re.sub("[^A-Z0-9]", "", view.upper().replace("Đ", "D"))


def as_read(chance, view):
    """What a camera box sends as plate_id: mostly reduced, some as written, some in lower case with blanks."""
    way = chance.random()
    if way < 0.85:
        return plate_id(view)
    if way < 0.95:
        return view
    return view.lower().replace("-", " ")


class Plates:
    """Hands out plates, each once."""

    def __init__(self, chance):
        self._chance, self._used = chance, set()

    def fresh(self, kind):
        """-> view of a plate not handed out before"""
        while True:
            view = plate_view(self._chance, kind)
            if plate_id(view) not in self._used:
                self._used.add(plate_id(view))
                return view
