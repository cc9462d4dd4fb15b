"""pymssql (FreeTDS's db-lib) against one instance of a lab: python pymssql_cases.py LAB.json"""

import sys
import threading
import time

import pymssql
from pymssql import _mssql

from case_report import Report, equal, raises
from lab_estate import LabEstate
from shared_cases import *

estate = LabEstate.read(sys.argv[1], "pymssql")
server = estate.instance("backup", "principal")


def connect(wire=None, **options):
    """A connection to the instance, or through the relay that watches those of a role."""
    return estate.connect(server if wire is None else estate.wire(wire), **options)


def low_level(wire=None, **options):
    """The module below pymssql: it has dbcancel and message handlers."""
    address = server if wire is None else estate.wire(wire)
    login = {"user": server["user"], "password": server["password"], "database": "master", **options}
    return _mssql.connect(server=address["host"], port=str(address["port"]), **login)


def number(error):
    """Errors of connect carry a pair within a tuple, those of execute the pair itself."""
    first = error.args[0]
    return first[0] if isinstance(first, tuple) else first


def one(cursor):
    (row,) = cursor.fetchall()
    return row


def protected(role, encryption, expected):
    def case():
        with connect(role, encryption=encryption) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID")
            equal("encrypt_option", one(cursor)[0], expected)

    return case


def alive(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 40 + 2")
        equal("the next statement", one(cursor)[0], 42)


def several_results():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(SEVERAL_STATEMENTS)
        sets = []
        while True:
            if cursor.description is not None:
                sets.append(cursor.fetchall())
            if not cursor.nextset():
                break
        equal("result sets", sets, [[], [(3, "Grüße")], [(1, "one"), (2, "two")], [(None,)]])


def severities():
    heard = []
    connection = low_level()
    connection.set_msghandler(lambda state, severity, server, procedure, line, text: heard.append((severity, state, text)))
    connection.execute_non_query("PRINT N'printed'")
    for severity in (0, 1, 5, 10):
        connection.execute_non_query(f"RAISERROR(N'severity %d', {severity}, 7, {severity})")
    expected = [(told_severity(severity), 7, f"severity {severity}".encode()) for severity in (0, 1, 5, 10)]
    equal("messages", heard, [(0, 1, b"printed"), *expected])
    connection.set_msghandler(None)
    # This driver raises from class 6 on; severity 10 is none of these, since it is told as 0.
    for severity in (6, 9, *ERROR_SEVERITIES):
        text = f"RAISERROR(N'severity {severity}', {severity}, 3)"
        error = raises(text, 50000, lambda: connection.execute_non_query(text), lambda error: error.number)
        equal("severity, state", (error.severity, error.state), (severity, 3))
    equal("the next statement", connection.execute_scalar("SELECT 42"), 42)
    connection.close()


def error_after_row():
    with connect() as connection:
        with connection.cursor() as cursor:
            raises("division", 8134, lambda: (cursor.execute(ERROR_AFTER_ROW), cursor.fetchall()), number)
        alive(connection)


def two_errors():
    """This driver shows the first of several errors of one class."""
    with connect() as connection:
        with connection.cursor() as cursor:
            text = "BACKUP DATABASE [nosuch] TO DISK = N'C:\\nosuch.bak'"
            raises("backup", 911, lambda: cursor.execute(text), number)
        alive(connection)


def cancelled_rows():
    connection = low_level("attention")
    started = time.monotonic()
    connection.execute_query(ENDLESS_ROWS)
    next(iter(connection))
    connection.cancel()
    equal("the next statement", connection.execute_scalar("SELECT 42"), 42)
    connection.close()
    if time.monotonic() - started > CANCEL_WITHIN_SECONDS:
        raise AssertionError("the rows did not stop")


def time_out():
    """This driver sends no attention at its time-out but drops the connection; the instance must end the request."""
    connection = connect(timeout=1)
    with connection.cursor() as cursor:
        # 20003 is db-lib's time-out, 20047 what follows from it: the connection is given up.
        found = raises("time-out", 20047, lambda: cursor.execute(LONG_WAIT), number)
        if b"20003" not in found.args[1]:
            raise AssertionError(f"no time-out: {found}")
    deadline = time.monotonic() + CANCEL_WITHIN_SECONDS
    with connect() as other, other.cursor() as cursor:
        while True:
            cursor.execute(WAITING)
            if one(cursor)[0] == 0:
                return found
            if time.monotonic() > deadline:
                raise AssertionError("WAITFOR still runs")
            time.sleep(0.05)


def round_trip(name, sent, expression="%s", expected=None):
    def case():
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {expression} AS v", (sent,))
            equal(name, one(cursor)[0], sent if expected is None else expected)

    return case


def nulls():
    with connect() as connection, connection.cursor() as cursor:
        columns = ", ".join(f"CAST(NULL AS {one}) AS c{index}" for index, one in enumerate(NULLABLE_TYPES))
        cursor.execute(f"SELECT {columns} UNION ALL SELECT {columns}")
        empty = (None,) * len(NULLABLE_TYPES)
        equal("rows", cursor.fetchall(), [empty, empty])


def procedure():
    """A remote procedure call with an output parameter, by dbrpcinit."""
    with connect() as connection, connection.cursor() as cursor:
        doubled = pymssql.output(int)
        found = cursor.callproc("sp_executesql", ("SELECT @b = @a * 2", "@a int, @b int OUTPUT", 21, doubled))
        equal("output", found[3], 42)


def transactions():
    with connect() as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE #t (id int NOT NULL)")
            connection.autocommit(False)
            cursor.execute("INSERT INTO #t (id) VALUES (1)")
            connection.commit()
            cursor.execute("INSERT INTO #t (id) VALUES (2)")
            connection.rollback()
            cursor.execute("SELECT id FROM #t")
            equal("rows", cursor.fetchall(), [(1,)])


def two_threads():
    """Two connections at once: each gets its own rows."""
    results = {}

    def work(index):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT TOP (2000) chatId * 0 + {index} FROM mgc.dbo.tblChat")
            results[index] = {row[0] for row in cursor.fetchall()}

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal("rows", results, {index: {index} for index in range(4)})


def large_result():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(LARGE_RESULT)
        count = 0
        while rows := cursor.fetchmany(1000):
            count += len(rows)
        equal("rows", count, LARGE_RESULT_ROWS)


report = Report("pymssql", pymssql.__version__)
report.run("without TLS", protected("without TLS", "off", "FALSE"))
report.run("TLS for the login only", protected("TLS for the login only", "request", "FALSE"))
report.run("TLS throughout", protected("TLS throughout", "require", "TRUE"))
report.run("wrong password", lambda: raises("login", 18456, lambda: connect("refused login", password="wrong"), number))
report.run("unknown database", lambda: raises("login", 18456, lambda: connect("refused login", database="nosuch"), number))
report.run("several statements, several results", several_results)
report.run("PRINT and RAISERROR", severities)
report.run("error after a row", error_after_row)
report.run("two errors of one statement", two_errors)
report.run("attention in rows without end", cancelled_rows)
report.run("time-out in WAITFOR", time_out)
for name, sent in INTEGERS.items():
    # Parameters are pasted into the text, where a literal beyond int is a numeric.
    report.run(f"parameter: {name}", round_trip(name, sent, "CAST(%s AS bigint)"))
for name, sent in {**TEXTS, **BINARIES}.items():
    report.run(f"parameter: {name}", round_trip(name, sent))
report.run("parameter: uniqueidentifier", round_trip("uniqueidentifier", GUID, "CAST(%s AS uniqueidentifier)"))
report.run("parameter: numeric(25, 0)", round_trip("numeric", LSN, "CAST(%s AS numeric(25, 0))"))
report.run("parameter: datetime", round_trip("datetime", DATETIME, "CAST(%s AS datetime)"))
# The text that this driver makes of a datetime has milliseconds.
milliseconds = DATETIME2.replace(microsecond=123000)
report.run("parameter: datetime2", round_trip("datetime2", milliseconds, "CAST(%s AS datetime2(7))"))
report.run("parameter: bit", round_trip("bit", True, "CAST(%s AS bit)"))
report.run("NULL of every type", nulls)
report.run("procedure by name", procedure)
report.run("transactions", transactions)
report.run("four connections at once", two_threads)
report.run("100,000 rows", large_result)
report.end()
