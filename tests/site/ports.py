"""Free TCP ports on loopback.

They are taken from below the kernel's range for outgoing connections: a central that is stopped and started again has to find
its port free, and a port of that range could have become the near end of anybody's connection meanwhile.
"""
import random
import socket
import threading

_FIRST, _DEFAULT_END = 12000, 32768
_given = set()
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


def free_ports(count):
    """count different free ports, none of which this process was given before."""
    found, end, chance = [], _end(), random.SystemRandom()
    with _lock:
        for _ in range(20000):
            if len(found) == count:
                return found
            port = chance.randrange(_FIRST, end)
            if port not in _given and is_free(port):
                _given.add(port)
                found.append(port)
    raise RuntimeError("No %d free ports between %d and %d." % (count, _FIRST, end))
