"""Waiting for something to become true, so that no test sleeps a guessed time."""
import time

# Sanitizer builds on a busy machine are slow; a limit only says how long a failure takes to be told.
PATIENCE = 60.0


class NotSeen(AssertionError):
    """What was waited for did not come; the text says what, for how long, and what was there instead."""


def wait_for(predicate, seconds=PATIENCE, what="the condition", every=0.02):
    """Call predicate until it returns something true and return that.

    An exception of predicate is not swallowed: who expects one (a central that is still down) catches it himself.
    what: text, or a function that makes it at the end (to tell what was there instead).
    """
    end = time.monotonic() + seconds
    while True:
        seen = predicate()
        if seen:
            return seen
        if time.monotonic() >= end:
            raise NotSeen("waited %g s for %s (last seen: %r)" % (seconds, what() if callable(what) else what, seen))
        time.sleep(every)
        every = min(every * 1.3, 0.25)
