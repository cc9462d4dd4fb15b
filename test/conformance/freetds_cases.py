"""FreeTDS's own programs against one instance of a lab: python freetds_cases.py LAB.json

Needs tsql, bsqldb and bsqlodbc, and FreeTDS's ODBC driver (Debian: freetds-bin, tdsodbc).
"""

import glob
import os
import re
import subprocess
import sys
import tempfile
import time

from case_report import Report, equal
from lab_estate import LabEstate
from shared_cases import *

estate = LabEstate.read(sys.argv[1])
server = estate.instance("backup", "principal")
folder = tempfile.TemporaryDirectory(prefix="conformance-freetds-")
WITHIN_SECONDS = 60

CONFIGURATION = """[{name}]
host = {host}
port = {port}
tds version = {version}
encryption = {encryption}
client charset = UTF-8
timeout = {timeout}
"""
# What asks for each kind of connection in freetds.conf(5).
ENCRYPTION = {"without TLS": "off", "TLS for the login only": "request", "TLS throughout": "require"}


def write_configuration():
    """One server name per way of connecting; only the last has a time-out, in seconds."""
    path = os.path.join(folder.name, "freetds.conf")
    with open(path, "w", encoding="utf-8") as file:
        def write(name, address, encryption="off", version="auto", timeout=0):
            settings = {"host": address["host"], "port": address["port"], "version": version, "timeout": timeout}
            file.write(CONFIGURATION.format(name=name, encryption=encryption, **settings))

        write("off", server)
        for minor in range(5):
            write(f"tds7.{minor}", server, version=f"7.{minor}")
        for role, encryption in ENCRYPTION.items():
            write(role.replace(" ", "-"), estate.wire(role), encryption)
        write("refused", estate.wire("refused login"))
        write("limited", estate.wire("attention"), timeout=1)
    return path


def write_odbc_configuration():
    """A data source on FreeTDS's ODBC driver: odbc.ini(5)."""
    (driver,) = glob.glob("/usr/lib/*/odbc/libtdsodbc.so")
    path = os.path.join(folder.name, "odbc.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[limited]\nDriver = {driver}\nServername = limited\n")
    return path


ENVIRONMENT = {**os.environ, "FREETDSCONF": write_configuration(), "ODBCINI": write_odbc_configuration()}
ENVIRONMENT["LC_ALL"] = "C.UTF-8"
ENVIRONMENT.pop("TDSVER", None)


class Answer:
    """What a program printed: data on standard output, messages on standard error."""

    def __init__(self, completed):
        self.status = completed.returncode
        self.rows = [line for line in completed.stdout.split("\n") if line.strip()]
        self.messages = completed.stderr
        self.numbers = [int(number) for number in re.findall(r"^Msg (\d+)", completed.stderr, re.MULTILINE)]


def tsql(text, name="off", password=None, database="master"):
    command = ["tsql", "-S", name, "-U", server["user"], "-P", password or server["password"], "-D", database, "-o", "qh"]
    script = f"{text}\ngo\nexit\n"
    return run(command, script)


def batch(program, name, text, *options):
    """Runs a program that reads its batches from a file."""
    path = os.path.join(folder.name, "script.sql")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    command = [program, "-S", name, "-U", server["user"], "-P", server["password"], "-i", path, *options]
    return run(command, None)


def bsqldb(text, *options):
    return batch("bsqldb", "off", text, *options)


def run(command, script):
    return Answer(
        subprocess.run(command, input=script, env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=WITHIN_SECONDS)
    )


def protected(role, expected):
    def case():
        name = role.replace(" ", "-")
        answer = tsql("SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID", name)
        equal("status", answer.status, 0)
        equal("encrypt_option", answer.rows, [expected])

    return case


def version(minor):
    """Below 7.2 the lab's instances close the connection; FreeTDS must then end by itself."""

    def case():
        answer = tsql("SELECT N'ß', CAST('2013-02-28' AS date)", f"tds7.{minor}")
        if minor < 2:
            equal("status", answer.status, 1)
            return "refused"
        equal("status", answer.status, 0)
        equal("text", answer.rows[0].split("\t")[0], "ß")
        return answer.rows[0]

    return case


def wrong_password():
    answer = tsql("SELECT 1", "refused", password="wrong")
    equal("status", answer.status, 1)
    equal("numbers", answer.numbers, [18456])


def unknown_database():
    answer = tsql("SELECT 1", "refused", database="nosuch")
    equal("status", answer.status, 1)
    equal("numbers", answer.numbers, [4060, 18456])


def several_results():
    answer = tsql(SEVERAL_STATEMENTS)
    equal("rows", answer.rows, ["3\tGrüße", "1\tone", "2\ttwo", "NULL"])
    if "first" not in answer.messages:
        raise AssertionError(f"PRINT is missing: {answer.messages}")


def severities():
    severities = (*INFORMATIVE_SEVERITIES, *ERROR_SEVERITIES)
    raised = "".join(f"RAISERROR(N'number %d', {severity}, 7, {severity})\ngo\n" for severity in severities)
    answer = tsql(f"{raised}PRINT N'printed'\ngo\nSELECT 42")
    equal("numbers", answer.numbers, [50000] * len(severities))
    found = [tuple(map(int, pair)) for pair in re.findall(r"severity (\d+), state (\d+)", answer.messages)]
    # PRINT's own message has number 0, of which this program shows the text only.
    equal("severities, states", found, [(told_severity(severity), 7) for severity in severities])
    for text in ("number 9", "number 18", "printed"):
        if text not in answer.messages:
            raise AssertionError(f"{text} is missing: {answer.messages}")
    equal("rows", answer.rows, ["42"])


def severity_of_the_connection():
    """From 20 on the connection ends with the error."""
    answer = tsql("RAISERROR(N'fatal', 20, 1) WITH LOG\ngo\nSELECT 42")
    equal("numbers", answer.numbers, [50000])
    equal("rows", answer.rows, [])


def two_errors():
    answer = tsql("BACKUP DATABASE [nosuch] TO DISK = N'C:\\nosuch.bak'\ngo\nSELECT 42")
    equal("numbers", answer.numbers, [911, 3013])
    equal("rows", answer.rows, ["42"])


def error_after_row():
    answer = tsql("SELECT 10 / v.n AS q FROM (VALUES (5), (0)) AS v (n)\ngo\nSELECT 42")
    equal("numbers", answer.numbers, [8134])
    equal("rows", answer.rows, ["2", "42"])


def attention():
    """bsqlodbc's time-out sends an attention and waits for its answer; the program then ends."""
    answer = batch("bsqlodbc", "limited", f"{LONG_WAIT}\nGO\n")
    equal("status", answer.status, 1)
    for text in ("Timeout expired", "Operation was cancelled"):
        if text not in "\n".join(answer.rows):
            raise AssertionError(f"{text} is missing: {answer.rows} {answer.messages}")
    wait_for("WAITFOR to end", lambda: tsql(WAITING).rows == ["0"])


def killed_client():
    """A client that goes away in its statement: the instance notices and ends the session."""
    command = ["tsql", "-S", "off", "-U", server["user"], "-P", server["password"], "-o", "qh"]
    client = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    client.stdin.write(f"{LONG_WAIT}\ngo\n".encode())
    client.stdin.flush()
    try:
        wait_for("WAITFOR to run", lambda: tsql(WAITING).rows == ["1"])
    finally:
        client.kill()
        client.wait()
    wait_for("WAITFOR to end", lambda: tsql(WAITING).rows == ["0"])


def wait_for(what, condition):
    deadline = time.monotonic() + CANCEL_WITHIN_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"within {CANCEL_WITHIN_SECONDS} s this did not happen: {what}")
        time.sleep(0.05)


def shown(type_name, literal, expected):
    def case():
        answer = tsql(f"SELECT CAST({literal} AS {type_name}), CAST(NULL AS {type_name})")
        equal("row", answer.rows, [f"{expected}\tNULL"])

    return case


def typed_parameters():
    """These programs send no parameters of their own: sp_executesql, called in a text, has them."""
    columns = range(len(TYPES))
    variables = ", ".join(f"@v{index} {TYPES[index][0]} = {TYPES[index][1]}" for index in columns)
    declared = ", ".join(f"@p{index} {TYPES[index][0]}" for index in columns)
    shown_columns = ", ".join(f"@p{index}" for index in columns)
    for what, given, expected in (
        ("values", [f"@v{index}" for index in columns], [expected for *_, expected in TYPES]),
        ("NULLs", ["NULL"] * len(TYPES), ["NULL"] * len(TYPES)),
    ):
        call = f"EXEC sp_executesql N'SELECT {shown_columns}', N'{declared}', {', '.join(given)}"
        equal(what, tsql(f"DECLARE {variables} {call}").rows, ["\t".join(expected)])


def batch_program():
    answer = bsqldb("SELECT name FROM sys.databases WHERE database_id <= 2 ORDER BY database_id\ngo\nPRINT N'done'\n", "-h")
    equal("status", answer.status, 0)
    equal("rows", [row.strip() for row in answer.rows if not row.startswith("--")], ["name", "master", "tempdb"])


def batch_program_stops():
    """bsqldb ends with the severity of an error above 10."""
    answer = bsqldb("SELECT 1/0\ngo\nSELECT 42\ngo\n")
    equal("status", answer.status, 16)
    equal("numbers", answer.numbers, [8134])


def large_result():
    answer = bsqldb(LARGE_RESULT, "-t", "|")
    equal("status", answer.status, 0)
    equal("rows", len(answer.rows), LARGE_RESULT_ROWS)


def program_version():
    text = subprocess.run(["tsql", "-C"], capture_output=True, encoding="utf-8", check=True).stdout
    return re.search(r"freetds v(\S+)", text).group(1)


TYPES = [
    ("int", "-2147483648", "-2147483648"),
    ("bigint", "9223372036854775807", "9223372036854775807"),
    ("bit", "1", "1"),
    ("nvarchar(50)", "N'部屋 ß'", "部屋 ß"),
    ("nvarchar(max)", "REPLICATE(CAST(N'ß' AS nvarchar(max)), 9000)", "ß" * 9000),
    ("varbinary(50)", "0x00FF10", "00ff10"),
    ("varbinary(max)", "0x00FF10", "00ff10"),
    ("datetime", "'2013-02-28T23:59:58.997'", "Feb 28 2013 11:59PM"),
    ("datetime2(7)", "'1753-01-01 00:00:00.1234567'", "Jan  1 1753 12:00AM"),
    ("uniqueidentifier", f"'{GUID}'", str(GUID).upper()),
    ("numeric(25, 0)", str(LSN), str(LSN)),
]

report = Report("FreeTDS (tsql, bsqldb, bsqlodbc)", program_version())
report.run("without TLS", protected("without TLS", "FALSE"))
report.run("TLS for the login only", protected("TLS for the login only", "FALSE"))
report.run("TLS throughout", protected("TLS throughout", "TRUE"))
for minor in range(5):
    report.run(f"TDS 7.{minor}", version(minor))
report.run("wrong password", wrong_password)
report.run("unknown database", unknown_database)
report.run("several statements, several results", several_results)
report.run("PRINT and RAISERROR", severities)
report.run("RAISERROR of severity 20", severity_of_the_connection)
report.run("error after a row", error_after_row)
report.run("two errors of one statement", two_errors)
report.run("attention in WAITFOR", attention)
report.run("client killed in WAITFOR", killed_client)
for type_name, literal, expected in TYPES:
    report.run(f"type: {type_name}", shown(type_name, literal, expected))
report.run("parameters of every type", typed_parameters)
report.run("bsqldb", batch_program)
report.run("bsqldb stops at an error", batch_program_stops)
report.run("100,000 rows", large_result)
report.end()
folder.cleanup()
