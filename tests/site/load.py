"""Work done by several threads at once."""
import threading


def in_threads(count, items, work):
    """Call work(0) … work(items - 1) from count threads, in order of their numbers -> results in that order.

    The first failure ends all threads and is raised here."""
    results, failures, lock, todo = [None] * items, [], threading.Lock(), iter(range(items))

    def run():
        while not failures:
            with lock:
                i = next(todo, None)
            if i is None:
                return
            try:
                results[i] = work(i)
            except BaseException as e:      # carried to the caller's thread
                failures.append(e)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
