"""python-tds against one instance of a lab: python python_tds_cases.py LAB.json"""

import sys
from importlib.metadata import version

import pytds

from case_report import Report, equal, raises
from lab_estate import LabEstate
from shared_cases import *

estate = LabEstate.read(sys.argv[1])
server = estate.instance("backup", "principal")
AUTHORITY = estate.certificate()


def connect(wire=None, **options):
    """A connection to the instance, or through the relay that watches those of a role."""
    return estate.connect(server if wire is None else estate.wire(wire), **options)


def number(error):
    return error.number


def one(cursor):
    (row,) = cursor.fetchall()
    return row


def value(cursor, text, *parameters):
    cursor.execute(text, parameters or None)
    return one(cursor)[0]


def alive(connection):
    """A connection that was cancelled or met an error answers the next statement."""
    with connection.cursor() as cursor:
        equal("the next statement", value(cursor, "SELECT 40 + 2"), 42)


def protected(role, expected, **options):
    def case():
        with connect(role, **options) as connection, connection.cursor() as cursor:
            text = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"
            equal("encrypt_option", value(cursor, text), expected)

    return case


def wrong_password():
    raises("login", 18456, lambda: connect("refused login", password="wrong"), number)


def unknown_database():
    error = raises("login", 18456, lambda: connect("refused login", database="nosuch"), number)
    if "nosuch" not in str(error):
        raise AssertionError(f"4060's text is missing: {error}")


def several_results():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(SEVERAL_STATEMENTS)
        # The counts of INSERT and UPDATE are results of their own here, without rows.
        sets = []
        while True:
            if cursor.description is not None:
                sets.append(cursor.fetchall())
            if not cursor.nextset():
                break
        equal("result sets", sets, [[], [(3, "Grüße")], [], [], [(1, "one"), (2, "two")], [(None,)]])
        equal("messages", [message.text for _, message in cursor.messages], ["first"])


def severities():
    with connect() as connection:
        with connection.cursor() as cursor:
            cursor.execute("PRINT N'printed'")
            equal("PRINT", [message.text for _, message in cursor.messages], ["printed"])
        for severity in INFORMATIVE_SEVERITIES:
            with connection.cursor() as cursor:
                cursor.execute(f"RAISERROR(N'severity %d, %s', {severity}, 7, {severity}, N'informative')")
                texts = [message.text for _, message in cursor.messages]
                equal(f"severity {severity}", texts, [f"severity {severity}, informative"])
        for severity in ERROR_SEVERITIES:
            with connection.cursor() as cursor:
                text = f"RAISERROR(N'severity {severity}', {severity}, 3)"
                error = raises(text, 50000, lambda: cursor.execute(text), number)
                equal("severity, state", (error.severity, error.state), (severity, 3))
        alive(connection)


def severity_of_the_connection():
    """From 20 on the connection ends with the error."""
    connection = connect()
    with connection.cursor() as cursor:
        raises("RAISERROR", 50000, lambda: cursor.execute("RAISERROR(N'fatal', 20, 1) WITH LOG"), number)
    try:
        alive(connection)
    except (pytds.Error, OSError) as error:
        return error
    raise AssertionError("the connection still answers")


def error_after_row():
    with connect() as connection:
        with connection.cursor() as cursor:
            raises("division", 8134, lambda: (cursor.execute(ERROR_AFTER_ROW), cursor.fetchall()), number)
        alive(connection)


def two_errors():
    with connect() as connection:
        with connection.cursor() as cursor:
            text = "BACKUP DATABASE [nosuch] TO DISK = N'C:\\nosuch.bak'"
            error = raises("backup", 3013, lambda: cursor.execute(text), number)
            if "nosuch" not in str(error):
                raise AssertionError(f"911's text is missing: {error}")
        alive(connection)


def cancelled_rows():
    with connect("attention") as connection:
        with connection.cursor() as cursor:
            cursor.execute(ENDLESS_ROWS)
            equal("rows before", len(cursor.fetchmany(10)), 10)
            cursor.cancel()
        alive(connection)


def time_out():
    """The client's own limit: it sends the attention itself."""
    with connect("attention", timeout=1) as connection:
        with connection.cursor() as cursor:
            try:
                cursor.execute(LONG_WAIT)
            except pytds.TimeoutError as error:
                found = error
            else:
                raise AssertionError("no time-out")
        alive(connection)
        return found


def round_trip(name, sent, expression="%s"):
    def case():
        with connect() as connection, connection.cursor() as cursor:
            found = value(cursor, f"SELECT {expression} AS v", sent)
            equal(name, found, bytes(sent) if isinstance(sent, pytds.Binary) else sent)

    return case


def nulls():
    with connect() as connection, connection.cursor() as cursor:
        columns = ", ".join(f"CAST(NULL AS {one}) AS c{index}" for index, one in enumerate(NULLABLE_TYPES))
        cursor.execute(f"SELECT {columns} UNION ALL SELECT {columns}")
        empty = (None,) * len(NULLABLE_TYPES)
        equal("rows", cursor.fetchall(), [empty, empty])
        equal("parameter", value(cursor, "SELECT CASE WHEN %s IS NULL THEN 1 ELSE 0 END", None), 1)


def bits():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT %s, %s, CAST(1 AS bit)", (True, False))
        equal("bits", one(cursor), (True, False, True))


def procedure():
    with connect() as connection, connection.cursor() as cursor:
        cursor.callproc("sp_executesql", ["SELECT @a * 2", "@a int", 21])
        equal("result", one(cursor)[0], 42)
        equal("return status", cursor.get_proc_return_status(), 0)


def transactions():
    with connect() as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE #t (id int NOT NULL)")
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO #t (id) VALUES (1)")
        connection.commit()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO #t (id) VALUES (2)")
        connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM #t")
            equal("rows", cursor.fetchall(), [(1,)])
        connection.rollback()
        connection.autocommit = True
        with connection.cursor() as cursor:
            equal("@@TRANCOUNT", value(cursor, "SELECT @@TRANCOUNT"), 0)


def large_result():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(LARGE_RESULT)
        count = 0
        while rows := cursor.fetchmany(1000):
            count += len(rows)
        equal("rows", count, LARGE_RESULT_ROWS)


report = Report("python-tds", version("python-tds"))
report.run("without TLS", protected("without TLS", "FALSE"))
login_only = {"cafile": AUTHORITY, "validate_host": False, "enc_login_only": True}
report.run("TLS for the login only", protected("TLS for the login only", "FALSE", **login_only))
report.run("TLS throughout", protected("TLS throughout", "TRUE", cafile=AUTHORITY, validate_host=False))
report.run("wrong password", wrong_password)
report.run("unknown database", unknown_database)
report.run("several statements, several results", several_results)
report.run("PRINT and RAISERROR", severities)
report.run("RAISERROR of severity 20", severity_of_the_connection)
report.run("error after a row", error_after_row)
report.run("two errors of one statement", two_errors)
report.run("attention in WAITFOR", time_out)
report.run("attention in rows without end", cancelled_rows)
for name, sent in {**INTEGERS, **TEXTS}.items():
    report.run(f"parameter: {name}", round_trip(name, sent))
for name, sent in BINARIES.items():
    # Plain bytes would go as varchar.
    report.run(f"parameter: {name}", round_trip(name, pytds.Binary(sent)))
report.run("parameter: uniqueidentifier", round_trip("uniqueidentifier", GUID))
report.run("parameter: numeric(25, 0)", round_trip("numeric", LSN, "CAST(%s AS numeric(25, 0))"))
report.run("parameter: datetime", round_trip("datetime", DATETIME, "CAST(%s AS datetime)"))
report.run("parameter: datetime2", round_trip("datetime2", DATETIME2))
report.run("parameter: bit", bits)
report.run("NULL of every type", nulls)
report.run("procedure by name", procedure)
report.run("transactions", transactions)
report.run("100,000 rows", large_result)
report.end()
