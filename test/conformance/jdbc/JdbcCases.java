import com.microsoft.sqlserver.jdbc.SQLServerException;
import com.microsoft.sqlserver.jdbc.SQLServerPreparedStatement;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Microsoft's JDBC driver against one instance of a lab: java -cp mssql-jdbc.jar JdbcCases.java LAB.json
 *
 * <p>Tells one JSON object a line, as case_report.py does.
 */
public final class JdbcCases {
    private static final int LARGE_RESULT_ROWS = 100_000;
    private static final int CANCEL_WITHIN_SECONDS = 20;
    private static final int LONGEST_TEXT = 400;
    private static final String SEVERAL_STATEMENTS =
            "DECLARE @n int = 3; PRINT N'first'; SELECT @n AS n WHERE 1 = 0; SELECT @n AS n, N'Grüße' AS greeting; "
                    + "CREATE TABLE #t (id int NOT NULL, text nvarchar(20) NULL); "
                    + "INSERT INTO #t (id, text) VALUES (1, N'one'), (2, NULL); "
                    + "UPDATE #t SET text = N'two' WHERE id = 2; "
                    + "SELECT id, text FROM #t ORDER BY id; DROP TABLE #t; SELECT CAST(NULL AS bigint) AS nothing;";
    private static final String ENDLESS_ROWS =
            "SELECT a.chatId, b.channelId, a.content FROM mgc.dbo.tblChat AS a CROSS JOIN mgc.dbo.tblChat AS b";

    private static final String WAITING = "SELECT COUNT(*) FROM sys.dm_exec_requests WHERE command = N'WAITFOR'";
    private static final String LONG_WAIT = "WAITFOR DELAY '00:02:00'";

    private final String json;
    private final Instance server;

    /** Where and as whom to connect. */
    private record Instance(String host, String port, String user, String password) {}

    /** One case; what it answers is shown as found. */
    private interface Case {
        Object run() throws Exception;
    }

    private interface Body<T> {
        T run(Connection connection) throws Exception;
    }

    private JdbcCases(String json) {
        this.json = json;
        server = instance("backup", "principal");
    }

    /** The instance of a site and role; at the site "wire" a relay that watches connections of that role. Its fields stand together. */
    private Instance instance(String site, String role) {
        Matcher object = Pattern.compile("\\{[^{}]*\"site\":\\s*\"" + site + "\"[^{}]*\"role\":\\s*\"" + role + "\"[^{}]*\\}")
                .matcher(json);
        if (!object.find()) throw new IllegalArgumentException("the lab's JSON has no " + role + " of the site " + site);
        String text = object.group();
        return new Instance(field(text, "host"), field(text, "port"), field(text, "user"), field(text, "password"));
    }

    private static String field(String object, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\\s*\"?([^\",\\s}]+)").matcher(object);
        if (!found.find()) throw new IllegalArgumentException("no " + name + " in " + object);
        return found.group(1);
    }

    private Connection connect(String... options) throws SQLException {
        return connect(server, options);
    }

    private Connection connect(Instance instance, String... options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", instance.user);
        properties.setProperty("password", instance.password);
        properties.setProperty("databaseName", "master");
        properties.setProperty("applicationName", "conformance");
        properties.setProperty("encrypt", "false");
        properties.setProperty("trustServerCertificate", "true");
        properties.setProperty("loginTimeout", "15");
        for (int index = 0; index < options.length; index += 2) properties.setProperty(options[index], options[index + 1]);
        return DriverManager.getConnection("jdbc:sqlserver://" + instance.host + ":" + instance.port, properties);
    }

    private <T> T connected(Body<T> body) throws Exception {
        return connected(server, body);
    }

    private <T> T connected(Instance instance, Body<T> body) throws Exception {
        try (Connection connection = connect(instance)) {
            return body.run(connection);
        }
    }

    private static void equal(String what, Object found, Object expected) {
        if (!Objects.deepEquals(found, expected))
            throw new AssertionError(what + ": found " + found + ", expected " + expected);
    }

    /** The error of a statement that must fail. */
    private static SQLException failing(String what, Case body) throws Exception {
        try {
            body.run();
        } catch (SQLException error) {
            return error;
        }
        throw new AssertionError(what + ": no error");
    }

    /** Numbers of an error and of those behind it. */
    private static List<Integer> numbers(SQLException error) {
        List<Integer> numbers = new ArrayList<>();
        for (SQLException one = error; one != null; one = one.getNextException()) numbers.add(one.getErrorCode());
        return numbers;
    }

    private static Object value(Connection connection, String text) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(text)) {
            rows.next();
            return rows.getObject(1);
        }
    }

    private static void alive(Connection connection) throws SQLException {
        equal("the next statement", value(connection, "SELECT 40 + 2"), 42);
    }

    private Object protectedBy(String role, String encrypt, String expected) throws Exception {
        try (Connection connection = connect(instance("wire", role), "encrypt", encrypt)) {
            Object found =
                    value(connection, "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID");
            equal("encrypt_option", found, expected);
            return found;
        }
    }

    private Object severalResults(Connection connection) throws SQLException {
        List<String> results = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            boolean isRows = statement.execute(SEVERAL_STATEMENTS);
            while (true) {
                if (isRows) results.add("rows " + rows(statement.getResultSet()));
                else if (statement.getUpdateCount() == -1) break;
                else results.add("count " + statement.getUpdateCount());
                isRows = statement.getMoreResults();
            }
        }
        equal(
                "results",
                results,
                List.of("rows []", "rows [[3, Grüße]]", "count 2", "count 1", "rows [[1, one], [2, two]]", "rows [[null]]"));
        return null;
    }

    private static List<List<Object>> rows(ResultSet set) throws SQLException {
        List<List<Object>> rows = new ArrayList<>();
        int columns = set.getMetaData().getColumnCount();
        while (set.next()) {
            List<Object> row = new ArrayList<>();
            for (int column = 1; column <= columns; column += 1) row.add(set.getObject(column));
            rows.add(row);
        }
        return rows;
    }

    private Object severities(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            StringBuilder raised = new StringBuilder("PRINT N'printed'");
            List<String> expected = new ArrayList<>(List.of("0 printed"));
            for (int severity : new int[] {0, 1, 5, 9, 10}) {
                raised.append(" RAISERROR(N'severity %d', ").append(severity).append(", 7, ").append(severity).append(")");
                expected.add("50000 severity " + severity);
            }
            statement.execute(raised.toString());
            List<String> warnings = new ArrayList<>();
            for (SQLWarning one = statement.getWarnings(); one != null; one = one.getNextWarning())
                warnings.add(one.getErrorCode() + " " + one.getMessage());
            equal("warnings", warnings, expected);
            for (int severity : new int[] {11, 12, 14, 16, 18}) {
                String text = "RAISERROR(N'severity " + severity + "', " + severity + ", 3)";
                SQLServerException error = (SQLServerException) failing(text, () -> statement.execute(text));
                equal("number", error.getErrorCode(), 50000);
                equal("severity", error.getSQLServerError().getErrorSeverity(), severity);
                equal("state", error.getSQLServerError().getErrorState(), 3);
            }
        }
        alive(connection);
        return null;
    }

    /** From 20 on the connection ends with the error. */
    private Object severityOfTheConnection(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            String text = "RAISERROR(N'fatal', 20, 1) WITH LOG";
            equal("number", failing(text, () -> statement.execute(text)).getErrorCode(), 50000);
        }
        return failing("the next statement", () -> value(connection, "SELECT 40 + 2"));
    }

    private Object errorAfterRow(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery("SELECT 10 / v.n AS q FROM (VALUES (5), (0)) AS v (n)");
            equal("a first row", rows.next(), true);
            equal("its value", rows.getInt(1), 2);
            equal("number", failing("the second row", rows::next).getErrorCode(), 8134);
        }
        alive(connection);
        return null;
    }

    private Object twoErrors(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            SQLException error =
                    failing("backup", () -> statement.execute("BACKUP DATABASE [nosuch] TO DISK = N'C:\\nosuch.bak'"));
            alive(connection);
            return numbers(error);
        }
    }

    private Object timeOut(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            SQLException error = failing("time-out", () -> statement.execute(LONG_WAIT));
            equal("state", error.getSQLState(), "HY008");
        }
        alive(connection);
        return null;
    }

    private Object cancelledWait(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            Thread cancelling = new Thread(() -> cancelWhenRunning(statement));
            cancelling.start();
            failing("cancelled", () -> statement.execute(LONG_WAIT));
            cancelling.join();
        }
        alive(connection);
        return null;
    }

    /** Cancels once another connection sees the wait: an attention that comes too early would find nothing. */
    private void cancelWhenRunning(Statement statement) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CANCEL_WITHIN_SECONDS);
        try (Connection other = connect()) {
            while (value(other, WAITING).equals(0) && System.nanoTime() < deadline) Thread.sleep(20);
            statement.cancel();
        } catch (SQLException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    private Object cancelledRows(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(10);
            ResultSet rows = statement.executeQuery(ENDLESS_ROWS);
            for (int count = 0; count < 10; count += 1) rows.next();
            statement.cancel();
            failing("rows after the cancel", () -> {
                while (rows.next()) continue;
                return null;
            });
        }
        alive(connection);
        return null;
    }

    private Case roundTrip(Object sent) {
        return () -> connected(connection -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS v")) {
                // Three times: first sp_executesql, then sp_prepexec, then sp_execute.
                for (int time = 1; time <= 3; time += 1) {
                    statement.setObject(1, sent);
                    try (ResultSet rows = statement.executeQuery()) {
                        rows.next();
                        Object found = rows.getObject(1);
                        equal("time " + time, found, sent);
                    }
                }
            }
            return null;
        });
    }

    private Object dateTimeParameter() throws SQLException {
        Timestamp sent = Timestamp.valueOf("2013-02-28 23:59:58.997");
        // Without this property it sends a datetime2.
        try (Connection connection = connect("datetimeParameterType", "datetime");
                SQLServerPreparedStatement statement =
                        (SQLServerPreparedStatement) connection.prepareStatement("SELECT ? AS v")) {
            statement.setDateTime(1, sent);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                equal("value", rows.getTimestamp(1), sent);
                equal("type", rows.getMetaData().getColumnTypeName(1), "datetime");
            }
        }
        return null;
    }

    private Object guidParameter(Connection connection) throws SQLException {
        String sent = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
        try (SQLServerPreparedStatement statement =
                (SQLServerPreparedStatement) connection.prepareStatement("SELECT ? AS v")) {
            statement.setUniqueIdentifier(1, sent);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                equal("value", rows.getString(1), sent);
                equal("type", rows.getMetaData().getColumnTypeName(1), "uniqueidentifier");
            }
        }
        return null;
    }

    /** NULL of each type as columns, in two rows. */
    private Object nulls(Connection connection) throws SQLException {
        List<String> types = List.of("int", "bigint", "bit", "nvarchar(50)", "nvarchar(max)", "varbinary(50)", "varbinary(max)",
                "datetime", "datetime2(7)", "uniqueidentifier", "numeric(25, 0)");
        StringBuilder columns = new StringBuilder();
        for (int index = 0; index < types.size(); index += 1)
            columns.append(index == 0 ? "" : ", ").append("CAST(NULL AS ").append(types.get(index)).append(") AS c").append(index);
        List<Object> empty = Collections.nCopies(types.size(), null);
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT " + columns + " UNION ALL SELECT " + columns)) {
            equal("rows", rows(rows), List.of(empty, empty));
        }
        return null;
    }

    private Case typedNull(int type) {
        return () -> connected(connection -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS v")) {
                statement.setNull(1, type);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    equal("value", rows.getObject(1), null);
                }
            }
            return null;
        });
    }

    private Object converted(String type, Object sent, Object expected) throws Exception {
        return connected(connection -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT CAST(? AS " + type + ")")) {
                statement.setObject(1, sent);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    equal(type, rows.getObject(1), expected);
                    equal("type", rows.getMetaData().getColumnTypeName(1), type.replaceAll("\\(.*", ""));
                }
            }
            return null;
        });
    }

    private Object procedure(Connection connection) throws SQLException {
        try (CallableStatement call = connection.prepareCall("{? = call sp_executesql(?, ?, ?, ?)}")) {
            call.registerOutParameter(1, Types.INTEGER);
            call.setNString(2, "SELECT @b = @a * 2");
            call.setNString(3, "@a int, @b int OUTPUT");
            call.setInt(4, 21);
            call.registerOutParameter(5, Types.INTEGER);
            call.execute();
            equal("return status", call.getInt(1), 0);
            equal("output", call.getInt(5), 42);
        }
        return null;
    }

    private Object transactions(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE #t (id int NOT NULL)");
            connection.setAutoCommit(false);
            statement.executeUpdate("INSERT INTO #t (id) VALUES (1)");
            connection.commit();
            statement.executeUpdate("INSERT INTO #t (id) VALUES (2)");
            connection.rollback();
            equal("rows", rows(statement.executeQuery("SELECT id FROM #t")), List.of(List.of(1)));
            connection.setAutoCommit(true);
            equal("@@TRANCOUNT", value(connection, "SELECT @@TRANCOUNT"), 0);
        }
        return null;
    }

    private Object catalog(Connection connection) throws SQLException {
        connection.setCatalog("mgc");
        equal("database", connection.getCatalog(), "mgc");
        equal("DB_NAME()", value(connection, "SELECT DB_NAME()"), "mgc");
        equal("isValid", connection.isValid(5), true);
        return connection.getMetaData().getDatabaseProductVersion();
    }

    private Object largeResult() throws Exception {
        // Adaptive buffering reads as rows are asked for; the packet size is larger than the default here.
        try (Connection connection = connect("packetSize", "32767");
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery(
                                "SELECT TOP (" + LARGE_RESULT_ROWS
                                        + ") channelId, chatId, chatDate, userId, content FROM mgc.dbo.tblChat")) {
            int count = 0;
            while (rows.next()) {
                rows.getString(5);
                count += 1;
            }
            equal("rows", count, LARGE_RESULT_ROWS);
        }
        return null;
    }

    private static String quoted(Object value) {
        StringBuilder text = new StringBuilder("\"");
        String plain = String.valueOf(value);
        for (char character : plain.substring(0, Math.min(plain.length(), LONGEST_TEXT)).toCharArray()) {
            if (character == '"' || character == '\\') text.append('\\').append(character);
            else if (character < ' ' || character > '~') text.append(String.format("\\u%04x", (int) character));
            else text.append(character);
        }
        return text.append('"').toString();
    }

    private static void run(String name, Case body) {
        System.out.println("{\"begin\": " + quoted(name) + "}");
        try {
            Object found = body.run();
            System.out.println(
                    "{\"case\": " + quoted(name) + ", \"passed\": true, \"found\": " + quoted(found == null ? "" : found) + "}");
        } catch (Exception | AssertionError error) {
            System.out.println("{\"case\": " + quoted(name) + ", \"passed\": false, \"found\": " + quoted(error) + "}");
        }
    }

    private void runAll() throws Exception {
        Instance refused = instance("wire", "refused login");
        Instance watched = instance("wire", "attention");
        run("TLS for the login only", () -> protectedBy("TLS for the login only", "false", "FALSE"));
        run("TLS throughout", () -> protectedBy("TLS throughout", "true", "TRUE"));
        run("wrong password", () -> {
            equal("number", failing("login", () -> connect(refused, "password", "wrong")).getErrorCode(), 18456);
            return null;
        });
        run("unknown database", () -> {
            SQLException error = failing("login", () -> connect(refused, "databaseName", "nosuch"));
            equal("number", error.getErrorCode(), 4060);
            return numbers(error);
        });
        run("several statements, several results", () -> connected(this::severalResults));
        run("PRINT and RAISERROR", () -> connected(this::severities));
        run("RAISERROR of severity 20", () -> connected(this::severityOfTheConnection));
        run("error after a row", () -> connected(this::errorAfterRow));
        run("two errors of one statement", () -> connected(this::twoErrors));
        run("time-out in WAITFOR", () -> connected(watched, this::timeOut));
        run("attention in WAITFOR", () -> connected(watched, this::cancelledWait));
        run("attention in rows without end", () -> connected(watched, this::cancelledRows));
        runTypes();
        run("procedure by name", () -> connected(this::procedure));
        run("transactions", () -> connected(this::transactions));
        run("change of the database", () -> connected(this::catalog));
        run("100,000 rows", this::largeResult);
    }

    private void runTypes() {
        byte[] large = new byte[20_000];
        for (int index = 0; index < large.length; index += 1) large[index] = (byte) index;
        run("parameter: int", roundTrip(Integer.MIN_VALUE));
        run("parameter: bigint", roundTrip(Long.MAX_VALUE));
        run("parameter: bit", roundTrip(Boolean.TRUE));
        run("parameter: empty text", roundTrip(""));
        run("parameter: text beyond ASCII", roundTrip("Grüße, 部屋 \uD83D\uDE00 'quoted' ’typographic’"));
        run("parameter: 4,000 characters", roundTrip("ß".repeat(4000)));
        run("parameter: 9,000 characters", roundTrip("ß".repeat(9000)));
        run("parameter: short binary", roundTrip(new byte[] {0, -1, 16}));
        run("parameter: 20,000 bytes", roundTrip(large));
        run("parameter: datetime2", roundTrip(Timestamp.valueOf("1753-01-01 00:00:00.1234567")));
        run("parameter: numeric(25, 0)", roundTrip(new BigDecimal("1234567890123456789012345")));
        run("parameter: datetime", this::dateTimeParameter);
        run("parameter: uniqueidentifier", () -> connected(this::guidParameter));
        run("type: numeric", () -> converted("numeric(25,0)", "1234567890123456789012345", new BigDecimal("1234567890123456789012345")));
        run("type: datetime", () ->
                converted("datetime", "2013-02-28T23:59:58.997", Timestamp.valueOf("2013-02-28 23:59:58.997")));
        run("type: uniqueidentifier", () ->
                converted(
                        "uniqueidentifier",
                        "6f9619ff-8b86-d011-b42d-00c04fc964ff",
                        "6F9619FF-8B86-D011-B42D-00C04FC964FF"));
        run("NULL of every type", () -> connected(this::nulls));
        run("NULL: int", typedNull(Types.INTEGER));
        run("NULL: bigint", typedNull(Types.BIGINT));
        run("NULL: bit", typedNull(Types.BIT));
        run("NULL: nvarchar", typedNull(Types.NVARCHAR));
        run("NULL: nvarchar(max)", typedNull(Types.LONGNVARCHAR));
        run("NULL: varbinary", typedNull(Types.VARBINARY));
        run("NULL: varbinary(max)", typedNull(Types.LONGVARBINARY));
        run("NULL: datetime", typedNull(microsoft.sql.Types.DATETIME));
        run("NULL: datetime2", typedNull(Types.TIMESTAMP));
        run("NULL: uniqueidentifier", typedNull(microsoft.sql.Types.GUID));
        run("NULL: numeric", typedNull(Types.NUMERIC));
    }

    public static void main(String[] arguments) throws Exception {
        JdbcCases cases = new JdbcCases(Files.readString(Path.of(arguments[0])));
        String version = new com.microsoft.sqlserver.jdbc.SQLServerDriver().getMajorVersion()
                + "." + new com.microsoft.sqlserver.jdbc.SQLServerDriver().getMinorVersion();
        System.out.println("{\"client\": " + quoted("Microsoft JDBC driver") + ", \"version\": " + quoted(version) + "}");
        cases.runAll();
        System.out.println("{\"end\": true}");
    }
}
