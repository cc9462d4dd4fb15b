"""Statements and values that every client is put to, so that their answers can be compared."""

import datetime
import decimal
import uuid

# Several statements, several results: a message, an empty set, two columns, a count without a set, NULL.
SEVERAL_STATEMENTS = """
DECLARE @n int = 3;
PRINT N'first';
SELECT @n AS n WHERE 1 = 0;
SELECT @n AS n, N'Grüße' AS greeting;
CREATE TABLE #t (id int NOT NULL, text nvarchar(20) NULL);
INSERT INTO #t (id, text) VALUES (1, N'one'), (2, NULL);
UPDATE #t SET text = N'two' WHERE id = 2;
SELECT id, text FROM #t ORDER BY id;
DROP TABLE #t;
SELECT CAST(NULL AS bigint) AS nothing;
"""

# Up to 10 a message is information, from 11 on an error; 20 and more end the connection ("Database Engine Error Severities").
INFORMATIVE_SEVERITIES = (0, 1, 5, 9, 10)
ERROR_SEVERITIES = (11, 12, 14, 16, 18)


def told_severity(severity):
    """The class that a client is told: severity 10 is sent as 0, for compatibility."""
    return 0 if severity == 10 else severity


# Long enough that only an attention can be what ended it.
LONG_WAIT = "WAITFOR DELAY '00:02:00'"
ENDLESS_ROWS = "SELECT a.chatId, b.channelId, a.content FROM mgc.dbo.tblChat AS a CROSS JOIN mgc.dbo.tblChat AS b"
CANCEL_WITHIN_SECONDS = 20
WAITING = "SELECT COUNT(*) FROM sys.dm_exec_requests WHERE command = N'WAITFOR'"

LARGE_RESULT_ROWS = 100_000
LARGE_RESULT = f"SELECT TOP ({LARGE_RESULT_ROWS}) channelId, chatId, chatDate, userId, content FROM mgc.dbo.tblChat"

# SQL Server sends the header and the first row before it divides.
ERROR_AFTER_ROW = "SELECT 10 / v.n AS q FROM (VALUES (1, 5), (2, 0)) AS v (id, n) ORDER BY v.id"

# An LSN: msdb keeps it as numeric(25,0).
LSN = decimal.Decimal("1234567890123456789012345")

TEXTS = {
    "empty text": "",
    "text beyond ASCII": "Grüße, 部屋 \U0001f600 'quoted' ’typographic’",
    "4,000 characters": "x" * 3999 + "ß",
    "9,000 characters": "Zimmer ßß " * 900,
}
BINARIES = {
    "short binary": bytes(range(256)),
    "20,000 bytes": bytes(range(250)) * 80,
}
INTEGERS = {"int": -2147483648, "bigint": 9223372036854775807, "smallest bigint": -9223372036854775808, "zero": 0}
GUID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
# .997 is one of the values that datetime can hold exactly (1/300 s).
DATETIME = datetime.datetime(2013, 2, 28, 23, 59, 58, 997000)
DATETIME2 = datetime.datetime(1753, 1, 1, 0, 0, 0, 123456)
NULLABLE_TYPES = [
    "int",
    "bigint",
    "bit",
    "nvarchar(50)",
    "nvarchar(max)",
    "varbinary(50)",
    "varbinary(max)",
    "datetime",
    "datetime2(7)",
    "uniqueidentifier",
    "numeric(25, 0)",
]
