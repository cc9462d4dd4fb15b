"""System.Data.SqlClient on .NET Core 3.1 against one instance of a lab: python sqlclient_cases.py LAB.json"""

import sys

import dotnet_runtime
from case_report import Report, equal
from lab_estate import PROGRAM_NAME, LabEstate
from shared_cases import *

dotnet_runtime.load("System.Data.SqlClient", "System.Data.Common")

import System
from System.Data import CommandType, ConnectionState, ParameterDirection, SqlDbType
from System.Data.SqlClient import SqlCommand, SqlConnection, SqlException, SqlInfoMessageEventHandler
from System.Threading.Tasks import Task

estate = LabEstate.read(sys.argv[1])
server = estate.instance("backup", "principal")


def connect(wire=None, **options):
    """An open connection to the instance, or through the relay that watches those of a role."""
    address = server if wire is None else estate.wire(wire)
    settings = {
        "Data Source": f"tcp:{address['host']},{address['port']}",
        "User ID": server["user"],
        "Password": server["password"],
        "Initial Catalog": "master",
        "Application Name": PROGRAM_NAME,
        "Encrypt": "false",
        "TrustServerCertificate": "true",
        "Pooling": "false",
        "Connect Timeout": "15",
        **options,
    }
    connection = SqlConnection(";".join(f"{key}={value}" for key, value in settings.items()))
    connection.Open()
    return connection


class Connected:
    """A connection for a with statement."""

    def __init__(self, wire=None, **options):
        self.wire = wire
        self.options = options

    def __enter__(self):
        self.connection = connect(self.wire, **self.options)
        return self.connection

    def __exit__(self, *_):
        self.connection.Close()


def scalar(connection, text):
    return SqlCommand(text, connection).ExecuteScalar()


def alive(connection):
    equal("state", connection.State == ConnectionState.Open, True)
    equal("the next statement", scalar(connection, "SELECT 40 + 2"), 42)


def numbers(error):
    return [one.Number for one in error.Errors]


def failing(what, call):
    try:
        call()
    except SqlException as error:
        return error
    raise AssertionError(f"{what}: no error")


def protected(role, encrypt, expected):
    def case():
        with Connected(role, Encrypt=encrypt) as connection:
            text = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"
            found = scalar(connection, text)
            equal("encrypt_option", found, expected)
            equal("version", connection.ServerVersion, "11.00.7001")
            equal("database", connection.Database, "master")
            return found

    return case


def refused(expected, **options):
    def case():
        error = failing("login", lambda: connect("refused login", **options))
        equal("numbers", numbers(error), expected)

    return case


def python_value(value):
    return None if isinstance(value, System.DBNull) or value is None else value


def read_rows(reader):
    rows = []
    while reader.Read():
        rows.append(tuple(python_value(reader.GetValue(column)) for column in range(reader.FieldCount)))
    return rows


def several_results():
    with Connected() as connection:
        heard = []
        connection.InfoMessage += SqlInfoMessageEventHandler(lambda _, event: heard.append(str(event.Message)))
        reader = SqlCommand(SEVERAL_STATEMENTS, connection).ExecuteReader()
        sets = [read_rows(reader)]
        while reader.NextResult():
            sets.append(read_rows(reader))
        reader.Close()
        equal("result sets", sets, [[], [(3, "Grüße")], [(1, "one"), (2, "two")], [(None,)]])
        equal("rows affected", reader.RecordsAffected, 3)
        equal("messages", heard, ["first"])


def severities():
    with Connected() as connection:
        heard = []
        connection.InfoMessage += SqlInfoMessageEventHandler(
            lambda _, event: heard.extend((one.Number, str(one.Message)) for one in event.Errors)
        )
        raised = " ".join(f"RAISERROR(N'severity %d', {severity}, 7, {severity})" for severity in INFORMATIVE_SEVERITIES)
        SqlCommand(f"PRINT N'printed' {raised}", connection).ExecuteNonQuery()
        expected = [(50000, f"severity {severity}") for severity in INFORMATIVE_SEVERITIES]
        equal("messages", heard, [(0, "printed"), *expected])
        for severity in ERROR_SEVERITIES:
            text = f"RAISERROR(N'severity {severity}', {severity}, 3)"
            error = failing(text, lambda: SqlCommand(text, connection).ExecuteNonQuery())
            equal("number, class, state", (error.Number, int(error.Class), int(error.State)), (50000, severity, 3))
        alive(connection)
        error = failing("severity 20", lambda: SqlCommand("RAISERROR(N'fatal', 20, 1) WITH LOG", connection).ExecuteNonQuery())
        equal("class", int(error.Class), 20)
        equal("state after severity 20", connection.State == ConnectionState.Open, False)


def error_after_row():
    with Connected() as connection:
        text = "SELECT 10 / v.n AS q FROM (VALUES (5), (0)) AS v (n)"
        reader = SqlCommand(text, connection).ExecuteReader()
        equal("a first row", reader.Read(), True)
        equal("its value", reader.GetInt32(0), 2)
        equal("numbers", numbers(failing("the second row", reader.Read)), [8134])
        reader.Close()
        alive(connection)


def two_errors():
    with Connected() as connection:
        command = SqlCommand("BACKUP DATABASE [nosuch] TO DISK = N'C:\\nosuch.bak'", connection)
        error = failing("backup", command.ExecuteNonQuery)
        equal("numbers", numbers(error), [911, 3013])
        alive(connection)


def time_out():
    with Connected("attention") as connection:
        command = SqlCommand(LONG_WAIT, connection)
        command.CommandTimeout = 1
        equal("number", failing("time-out", command.ExecuteNonQuery).Number, -2)
        alive(connection)


def cancelled_wait():
    with Connected("attention") as connection, Connected() as other:
        command = SqlCommand(LONG_WAIT, connection)
        running = command.ExecuteNonQueryAsync()
        while scalar(other, WAITING) == 0 and not running.IsCompleted:
            Task.Delay(20).Wait()
        command.Cancel()
        try:
            running.Wait(CANCEL_WITHIN_SECONDS * 1000)
        except System.AggregateException as error:
            found = error.InnerException.Message
        else:
            raise AssertionError("no error")
        alive(connection)
        return found


def cancelled_rows():
    with Connected("attention") as connection:
        command = SqlCommand(ENDLESS_ROWS, connection)
        reader = command.ExecuteReader()
        for _ in range(10):
            reader.Read()
        command.Cancel()
        reader.Close()
        alive(connection)


def round_trip(kind, sent, size=None, shown=lambda value: value, precision=None):
    """Three executions of a prepared command: sp_prepexec, then sp_execute; before that one by sp_executesql."""

    def case():
        with Connected() as connection:
            command = SqlCommand("SELECT @p AS v", connection)
            parameter = command.Parameters.Add("@p", kind)
            parameter.Value = sent
            if size is not None:
                parameter.Size = size
            if precision is not None:
                parameter.Precision = precision
                parameter.Scale = 0
            expected = shown(sent)
            for time in range(4):
                if time == 1:
                    command.Prepare()
                equal(f"time {time + 1}", shown(command.ExecuteScalar()), expected)
            reader = command.ExecuteReader()
            name = str(reader.GetDataTypeName(0))
            reader.Close()
            return name

    return case


def nulls():
    with Connected() as connection:
        columns = ", ".join(f"CAST(NULL AS {one}) AS c{index}" for index, one in enumerate(NULLABLE_TYPES))
        reader = SqlCommand(f"SELECT {columns} UNION ALL SELECT {columns}", connection).ExecuteReader()
        empty = (None,) * len(NULLABLE_TYPES)
        equal("rows", read_rows(reader), [empty, empty])
        reader.Close()
        for kind in (
            SqlDbType.Int,
            SqlDbType.BigInt,
            SqlDbType.Bit,
            SqlDbType.NVarChar,
            SqlDbType.VarBinary,
            SqlDbType.DateTime,
            SqlDbType.DateTime2,
            SqlDbType.UniqueIdentifier,
            SqlDbType.Decimal,
        ):
            for size in (50, -1) if kind in (SqlDbType.NVarChar, SqlDbType.VarBinary) else (None,):
                command = SqlCommand("SELECT @p AS v", connection)
                parameter = command.Parameters.Add("@p", kind)
                parameter.Value = System.DBNull.Value
                if size is not None:
                    parameter.Size = size
                equal(f"parameter {kind} {size}", python_value(command.ExecuteScalar()), None)


def procedure():
    with Connected() as connection:
        command = SqlCommand("sp_executesql", connection)
        command.CommandType = CommandType.StoredProcedure
        command.Parameters.AddWithValue("@stmt", "SELECT @b = @a * 2")
        command.Parameters.AddWithValue("@params", "@a int, @b int OUTPUT")
        command.Parameters.Add("@a", SqlDbType.Int).Value = 21
        doubled = command.Parameters.Add("@b", SqlDbType.Int)
        doubled.Direction = ParameterDirection.Output
        status = command.Parameters.Add("@status", SqlDbType.Int)
        status.Direction = ParameterDirection.ReturnValue
        command.ExecuteNonQuery()
        equal("output", doubled.Value, 42)
        equal("return status", status.Value, 0)


def transactions():
    with Connected() as connection:
        SqlCommand("CREATE TABLE #t (id int NOT NULL)", connection).ExecuteNonQuery()
        for identifier in (1, 2):
            transaction = connection.BeginTransaction()
            SqlCommand(f"INSERT INTO #t (id) VALUES ({identifier})", connection, transaction).ExecuteNonQuery()
            if identifier == 1:
                transaction.Commit()
            else:
                transaction.Rollback()
        equal("rows", read_rows(SqlCommand("SELECT id FROM #t", connection).ExecuteReader()), [(1,)])


def reset_in_the_pool():
    options = {"Pooling": "true", "Max Pool Size": "1"}
    with Connected(**options) as connection:
        SqlCommand("CREATE TABLE #kept (id int) SET LOCK_TIMEOUT 7", connection).ExecuteNonQuery()
        connection.ChangeDatabase("mgc")
        session = scalar(connection, "SELECT @@SPID")
    with Connected(**options) as connection:
        text = "SELECT @@SPID, DB_NAME(), @@LOCK_TIMEOUT, OBJECT_ID(N'tempdb..#kept')"
        reader = SqlCommand(text, connection).ExecuteReader()
        equal("session", read_rows(reader), [(session, "master", -1, None)])
        reader.Close()
    SqlConnection.ClearAllPools()


def large_result():
    with Connected(**{"Packet Size": "32767"}) as connection:
        reader = SqlCommand(LARGE_RESULT, connection).ExecuteReader()
        count = 0
        while reader.Read():
            count += 1
        reader.Close()
        equal("rows", count, LARGE_RESULT_ROWS)


def version():
    assembly = System.Reflection.Assembly.GetAssembly(SqlConnection)
    return System.Diagnostics.FileVersionInfo.GetVersionInfo(assembly.Location).FileVersion


def bytes_of(value):
    return bytes(value)


def binary(value):
    return System.Array[System.Byte](list(value))


def text_of(value):
    return str(value.ToString())


def decimal_text(value):
    return str(value.ToString(System.Globalization.CultureInfo.InvariantCulture))


def ticks(value):
    return int(value.Ticks)


datetime_sent = System.DateTime(2013, 2, 28, 23, 59, 58, 997)
datetime2_sent = System.DateTime(1753, 1, 1).AddTicks(1234567)

report = Report("System.Data.SqlClient", version())
report.run("TLS for the login only", protected("TLS for the login only", "false", "FALSE"))
report.run("TLS throughout", protected("TLS throughout", "true", "TRUE"))
report.run("wrong password", refused([18456], Password="wrong"))
report.run("unknown database", refused([4060, 18456], **{"Initial Catalog": "nosuch"}))
report.run("several statements, several results", several_results)
report.run("PRINT and RAISERROR", severities)
report.run("error after a row", error_after_row)
report.run("two errors of one statement", two_errors)
report.run("time-out in WAITFOR", time_out)
report.run("attention in WAITFOR", cancelled_wait)
report.run("attention in rows without end", cancelled_rows)
report.run("parameter: int", round_trip(SqlDbType.Int, -2147483648))
report.run("parameter: bigint", round_trip(SqlDbType.BigInt, 9223372036854775807))
report.run("parameter: bit", round_trip(SqlDbType.Bit, True))
for name, sent in TEXTS.items():
    size = 4000 if len(sent) <= 4000 else -1
    report.run(f"parameter: {name}", round_trip(SqlDbType.NVarChar, sent, size))
for name, sent in BINARIES.items():
    size = 8000 if len(sent) <= 8000 else -1
    report.run(f"parameter: {name}", round_trip(SqlDbType.VarBinary, binary(sent), size, bytes_of))
report.run("parameter: datetime", round_trip(SqlDbType.DateTime, datetime_sent, shown=ticks))
report.run("parameter: datetime2", round_trip(SqlDbType.DateTime2, datetime2_sent, 8, ticks))
report.run("parameter: uniqueidentifier", round_trip(SqlDbType.UniqueIdentifier, System.Guid(str(GUID)), shown=text_of))
report.run(
    "parameter: numeric(25, 0)", round_trip(SqlDbType.Decimal, System.Decimal.Parse(str(LSN)), shown=decimal_text, precision=25)
)
report.run("NULL of every type", nulls)
report.run("procedure by name", procedure)
report.run("transactions", transactions)
report.run("reset in the pool", reset_in_the_pool)
report.run("100,000 rows", large_result)
report.end()
