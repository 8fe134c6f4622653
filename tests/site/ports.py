"""Free TCP ports on loopback.

They are taken from below the kernel's range for outgoing connections: a central that is stopped and started again has to find
its port free, and a port of that range could have become the near end of anybody's connection meanwhile.

Tests run beside each other, and one that is about to listen does not yet: whoever was given a port holds it, for as long as he runs,
by a name of the kernel's (an abstract socket), which leaves no file behind.
"""
import random
import socket
import threading

_FIRST, _DEFAULT_END = 12000, 32768
_held = {}              # port: the socket by which it is held
_lock = threading.Lock()


def _end():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
            low = int(f.read().split()[0])
    except (OSError, ValueError, IndexError):
        return _DEFAULT_END
    return low if low > _FIRST + 2000 else _DEFAULT_END


def is_free(port):
    """Can this port be listened on now? As a server would, that is in spite of old connections in TIME_WAIT."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _hold(port):
    """Nobody else has it now, nor will be given it while this process runs."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind("\0parkmesh-test-port-%d" % port)
    except OSError:
        name.close()
        return False
    _held[port] = name
    return True


def free_ports(count):
    """count different free ports, none of which this process was given before, or another test that runs now."""
    found, end, chance = [], _end(), random.SystemRandom()
    with _lock:
        for _ in range(20000):
            if len(found) == count:
                return found
            port = chance.randrange(_FIRST, end)
            if port not in _held and is_free(port) and _hold(port):
                found.append(port)
    raise RuntimeError("No %d free ports between %d and %d." % (count, _FIRST, end))
