"""A host in Python: two threads with its own SQLite, two with the library, and another process, all add 1 to a counter.

host.py LIBRARY DATABASE JOURNAL MODE SECONDS prints what each of the three kinds had acknowledged.
"""

import ctypes
import json
import sqlite3
import subprocess
import sys
import threading
import time


def host(path, until):
    count = 0
    while time.monotonic() < until:
        own = sqlite3.connect(path, timeout=1, isolation_level=None)
        own.execute("PRAGMA synchronous=off")
        for _ in range(20):
            try:
                own.execute("UPDATE counter SET n = n + 1")
                count += 1
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
        own.close()
    return count


def ours(library, path, options, until):
    count = 0
    while time.monotonic() < until:
        db = ctypes.c_void_p()
        status = library.rpmadb_open(path.encode(), options, None, ctypes.byref(db), None)
        assert status == 0, status
        for at in range(20):
            if at % 5 == 0:
                library.rpmadb_query(db, b"SELECT n FROM counter", None, None, None, None)
            status = library.rpmadb_query(db, b"UPDATE counter SET n = n + 1", None, None, None, None)
            assert status in (0, 201), status
            count += status == 0
        library.rpmadb_close(ctypes.byref(db))
    return count


def main():
    name, path, journal, mode, seconds = sys.argv[1:]
    if name == "other":
        print(host(path, time.monotonic() + float(seconds)))
        return
    own = sqlite3.connect(path, isolation_level=None)
    own.execute(f"PRAGMA journal_mode={journal}")
    own.execute("CREATE TABLE counter (n)")
    own.execute("INSERT INTO counter VALUES (0)")
    own.close()
    library = ctypes.CDLL(name)
    options = json.dumps({"migrate": False, "journal_mode": journal, "foreign_sqlite": mode, "busy_timeout_ms": 1000,
                          "synchronous": "off"}).encode()
    until = time.monotonic() + float(seconds)
    other = subprocess.Popen([sys.executable, __file__, "other", path, journal, mode, seconds], stdout=subprocess.PIPE)
    counts = {}

    def run(kind, at, *arguments):
        counts[kind, at] = kind(*arguments)

    threads = [threading.Thread(target=run, args=(host, at, path, until)) for at in range(2)]
    threads += [threading.Thread(target=run, args=(ours, at, library, path, options, until)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == 4, "a thread failed"
    for kind in (host, ours):
        print(counts[kind, 0] + counts[kind, 1])
    print(int(other.communicate()[0]))


main()
