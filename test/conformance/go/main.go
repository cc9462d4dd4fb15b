// Command conformance puts go-mssqldb to one instance of a lab: conformance LAB.json
//
// It tells one JSON object a line, as case_report.py does.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/golang-sql/civil"
	"github.com/golang-sql/sqlexp"
	mssql "github.com/microsoft/go-mssqldb"
)

const (
	largeResultRows   = 100000
	cancelWithin      = 20 * time.Second
	longestText       = 400
	driver            = "github.com/microsoft/go-mssqldb"
	waiting           = "SELECT COUNT(*) FROM sys.dm_exec_requests WHERE command = N'WAITFOR'"
	severalStatements = `DECLARE @n int = 3;
PRINT N'first';
SELECT @n AS n WHERE 1 = 0;
SELECT @n AS n, N'Grüße' AS greeting;
CREATE TABLE #t (id int NOT NULL, text nvarchar(20) NULL);
INSERT INTO #t (id, text) VALUES (1, N'one'), (2, NULL);
UPDATE #t SET text = N'two' WHERE id = 2;
SELECT id, text FROM #t ORDER BY id;
DROP TABLE #t;
SELECT CAST(NULL AS bigint) AS nothing;`
	endlessRows = "SELECT a.chatId, b.channelId, a.content FROM mgc.dbo.tblChat AS a CROSS JOIN mgc.dbo.tblChat AS b"
)

type instance struct {
	Site     string `json:"site"`
	Role     string `json:"role"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"`
}

var (
	server  instance
	wire    = map[string]instance{}
	ctx     = context.Background()
	failure = errors.New("no error")
)

func say(line map[string]any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func run(name string, body func() (any, error)) {
	say(map[string]any{"begin": name})
	found, err := body()
	shown := fmt.Sprint(found)
	if found == nil {
		shown = ""
	}
	if err != nil {
		shown = err.Error()
	}
	if len(shown) > longestText {
		shown = shown[:longestText]
	}
	say(map[string]any{"case": name, "passed": err == nil, "found": shown})
}

func equal(what string, found, expected any) error {
	if left, ok := found.([]byte); ok {
		if right, ok := expected.([]byte); ok && bytes.Equal(left, right) {
			return nil
		}
	} else if found == expected {
		return nil
	}
	return fmt.Errorf("%s: found %v (%T), expected %v (%T)", what, found, found, expected, expected)
}

// number answers the number of a server's error, and fails where there is none.
func number(what string, err error, expected int32) error {
	var found mssql.Error
	if !errors.As(err, &found) {
		return fmt.Errorf("%s: %w, expected error %d", what, cmpError(err), expected)
	}
	return equal(what, found.Number, expected)
}

func cmpError(err error) error {
	if err == nil {
		return failure
	}
	return err
}

// open answers a pool on the instance, or through the relay that watches connections of a role.
func open(role string, options map[string]string) *sql.DB {
	at := server
	if role != "" {
		at = wire[role]
	}
	query := url.Values{"database": {"master"}, "encrypt": {"disable"}, "TrustServerCertificate": {"true"}, "app name": {"conformance"}, "dial timeout": {"15"}}
	address := url.URL{Scheme: "sqlserver", User: url.UserPassword(server.User, server.Password), Host: fmt.Sprintf("%s:%d", at.Host, at.Port)}
	for key, value := range options {
		if key == "password" {
			address.User = url.UserPassword(server.User, value)
			continue
		}
		query.Set(key, value)
	}
	address.RawQuery = query.Encode()
	db, err := sql.Open("sqlserver", address.String())
	if err != nil {
		panic(err)
	}
	return db
}

// connected runs a body on one connection of a pool of its own.
func connected(body func(connection *sql.Conn) (any, error)) func() (any, error) {
	return connectedBy("", body)
}

func connectedBy(role string, body func(connection *sql.Conn) (any, error)) func() (any, error) {
	return func() (any, error) {
		db := open(role, nil)
		defer db.Close()
		connection, err := db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer connection.Close()
		return body(connection)
	}
}

func alive(connection *sql.Conn) error {
	var found int64
	if err := connection.QueryRowContext(ctx, "SELECT 40 + 2").Scan(&found); err != nil {
		return fmt.Errorf("the next statement: %w", err)
	}
	return equal("the next statement", found, int64(42))
}

func protectedBy(role string, encrypt string, expected string) func() (any, error) {
	return func() (any, error) {
		db := open(role, map[string]string{"encrypt": encrypt})
		defer db.Close()
		var found string
		err := db.QueryRowContext(ctx, "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID").Scan(&found)
		if err == nil {
			err = equal("encrypt_option", found, expected)
		}
		return found, err
	}
}

func refused(options map[string]string, expected ...int32) func() (any, error) {
	return func() (any, error) {
		db := open("refused login", options)
		defer db.Close()
		err := db.PingContext(ctx)
		var found mssql.Error
		if !errors.As(err, &found) {
			return nil, fmt.Errorf("login: %w", cmpError(err))
		}
		numbers := []int32{}
		for _, one := range found.All {
			numbers = append(numbers, one.Number)
		}
		return numbers, equal("numbers", fmt.Sprint(numbers), fmt.Sprint(expected))
	}
}

func severalResults(connection *sql.Conn) (any, error) {
	rows, err := connection.QueryContext(ctx, severalStatements)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sets := []string{}
	for {
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		set := []string{}
		for rows.Next() {
			values := make([]any, len(columns))
			pointers := make([]any, len(columns))
			for index := range values {
				pointers[index] = &values[index]
			}
			if err := rows.Scan(pointers...); err != nil {
				return nil, err
			}
			set = append(set, fmt.Sprint(values))
		}
		sets = append(sets, strings.Join(set, " "))
		if !rows.NextResultSet() {
			break
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return nil, equal("result sets", strings.Join(sets, "|"), "|[3 Grüße]|[1 one] [2 two]|[<nil>]")
}

func severities(connection *sql.Conn) (any, error) {
	heard, err := messages(connection, "PRINT N'printed' RAISERROR(N'severity %d', 0, 7, 0) RAISERROR(N'severity %d', 5, 7, 5) RAISERROR(N'severity %d', 10, 7, 10)")
	if err != nil {
		return nil, err
	}
	if err := equal("messages", strings.Join(heard, "|"), "printed|severity 0|severity 5|severity 10"); err != nil {
		return nil, err
	}
	for _, severity := range []int{11, 12, 14, 16, 18} {
		_, err := connection.ExecContext(ctx, fmt.Sprintf("RAISERROR(N'severity %d', %d, 3)", severity, severity))
		var found mssql.Error
		if !errors.As(err, &found) {
			return nil, cmpError(err)
		}
		if err := equal("number, class, state", fmt.Sprint(found.Number, found.Class, found.State), fmt.Sprint(50000, severity, 3)); err != nil {
			return nil, err
		}
	}
	return nil, alive(connection)
}

// messages reads what a text prints, which only this way of asking hands over.
func messages(connection *sql.Conn, text string) ([]string, error) {
	told := &sqlexp.ReturnMessage{}
	rows, err := connection.QueryContext(ctx, text, told)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	heard := []string{}
	for active := true; active; {
		switch one := told.Message(ctx).(type) {
		case sqlexp.MsgNotice:
			heard = append(heard, one.Message.String())
		case sqlexp.MsgError:
			return nil, one.Error
		case sqlexp.MsgNext:
			for rows.Next() {
			}
		case sqlexp.MsgNextResultSet:
			active = rows.NextResultSet()
		}
	}
	return heard, rows.Err()
}

func severityOfTheConnection() (any, error) {
	db := open("", nil)
	defer db.Close()
	connection, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	_, err = connection.ExecContext(ctx, "RAISERROR(N'fatal', 20, 1) WITH LOG")
	if err := number("RAISERROR", err, 50000); err != nil {
		return nil, err
	}
	if alive(connection) == nil {
		return nil, errors.New("the connection still answers")
	}
	return nil, nil
}

func errorAfterRow(connection *sql.Conn) (any, error) {
	rows, err := connection.QueryContext(ctx, "SELECT 10 / v.n AS q FROM (VALUES (5), (0)) AS v (n)")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		count++
	}
	if err := equal("rows before", count, 1); err != nil {
		return nil, err
	}
	if err := number("the second row", rows.Err(), 8134); err != nil {
		return nil, err
	}
	rows.Close()
	return nil, alive(connection)
}

func twoErrors(connection *sql.Conn) (any, error) {
	_, err := connection.ExecContext(ctx, `BACKUP DATABASE [nosuch] TO DISK = N'C:\nosuch.bak'`)
	var found mssql.Error
	if !errors.As(err, &found) {
		return nil, cmpError(err)
	}
	numbers := []int32{}
	for _, one := range found.All {
		numbers = append(numbers, one.Number)
	}
	if err := equal("numbers", fmt.Sprint(numbers), "[911 3013]"); err != nil {
		return nil, err
	}
	return numbers, alive(connection)
}

// timeOut: at a deadline this driver sends an attention and gives the connection up.
func timeOut(connection *sql.Conn) (any, error) {
	limited, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	started := time.Now()
	_, err := connection.ExecContext(limited, "WAITFOR DELAY '00:02:00'")
	if err == nil {
		return nil, failure
	}
	if time.Since(started) > cancelWithin {
		return nil, fmt.Errorf("ended after %s", time.Since(started))
	}
	return err, nil
}

// cancelledWait cancels once another connection sees the wait: an attention that comes too early would find nothing.
func cancelledWait(connection *sql.Conn) (any, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	db := open("", nil)
	defer db.Close()
	watching := make(chan error, 1)
	go func() {
		defer cancel()
		deadline := time.Now().Add(cancelWithin)
		for count := 0; count == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if err := db.QueryRowContext(ctx, waiting).Scan(&count); err != nil {
				watching <- err
				return
			}
		}
		watching <- nil
	}()
	_, err := connection.ExecContext(limited, "WAITFOR DELAY '00:02:00'")
	if watched := <-watching; watched != nil {
		return nil, watched
	}
	if err == nil {
		return nil, failure
	}
	return err, alive(connection)
}

func cancelledRows(connection *sql.Conn) (any, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := connection.QueryContext(limited, endlessRows)
	if err != nil {
		return nil, err
	}
	for count := 0; count < 10 && rows.Next(); count++ {
	}
	cancel()
	for rows.Next() {
	}
	rows.Close()
	return rows.Err(), alive(connection)
}

func roundTrip(sent any) func() (any, error) {
	return connected(func(connection *sql.Conn) (any, error) {
		var found any
		if err := connection.QueryRowContext(ctx, "SELECT @p1 AS v", sent).Scan(&found); err != nil {
			return nil, err
		}
		return nil, equal("value", found, sent)
	})
}

func converted(kind string, sent any, expected any) func() (any, error) {
	return connected(func(connection *sql.Conn) (any, error) {
		var found any
		if err := connection.QueryRowContext(ctx, "SELECT CAST(@p1 AS "+kind+")", sent).Scan(&found); err != nil {
			return nil, err
		}
		if at, ok := found.(time.Time); ok {
			found = at.Format("2006-01-02T15:04:05.9999999")
		}
		return nil, equal(kind, found, expected)
	})
}

// numeric: this driver has no decimal of its own; it sends one as text and reads one as bytes of text.
func numeric() (any, error) {
	return connected(func(connection *sql.Conn) (any, error) {
		const sent = "1234567890123456789012345"
		var found []byte
		var kind string
		text := "SELECT CAST(@p1 AS numeric(25, 0)), CONVERT(nvarchar(30), SQL_VARIANT_PROPERTY(CAST(@p1 AS numeric(25, 0)), 'BaseType'))"
		if err := connection.QueryRowContext(ctx, text, sent).Scan(&found, &kind); err != nil {
			return nil, err
		}
		return kind, equal("value", string(found), sent)
	})()
}

func nulls(connection *sql.Conn) (any, error) {
	for _, kind := range []string{"int", "bigint", "bit", "nvarchar(50)", "nvarchar(max)", "varbinary(50)", "varbinary(max)", "datetime", "datetime2(7)", "uniqueidentifier", "numeric(25, 0)"} {
		var plain, parameter any
		if err := connection.QueryRowContext(ctx, "SELECT CAST(NULL AS "+kind+"), CAST(@p1 AS "+kind+")", nil).Scan(&plain, &parameter); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		if plain != nil || parameter != nil {
			return nil, fmt.Errorf("%s: found %v and %v", kind, plain, parameter)
		}
	}
	return nil, nil
}

func procedure(connection *sql.Conn) (any, error) {
	var doubled int64
	var status mssql.ReturnStatus
	_, err := connection.ExecContext(ctx, "sp_executesql", "SELECT @b = @a * 2", "@a int, @b int OUTPUT", sql.Named("a", 21), sql.Named("b", sql.Out{Dest: &doubled}), &status)
	if err != nil {
		return nil, err
	}
	if err := equal("return status", int32(status), int32(0)); err != nil {
		return nil, err
	}
	return nil, equal("output", doubled, int64(42))
}

func transactions(connection *sql.Conn) (any, error) {
	if _, err := connection.ExecContext(ctx, "CREATE TABLE #t (id int NOT NULL)"); err != nil {
		return nil, err
	}
	for _, id := range []int{1, 2} {
		transaction, err := connection.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		if _, err := transaction.ExecContext(ctx, "INSERT INTO #t (id) VALUES (@p1)", id); err != nil {
			return nil, err
		}
		end := transaction.Rollback
		if id == 1 {
			end = transaction.Commit
		}
		if err := end(); err != nil {
			return nil, err
		}
	}
	var ids string
	err := connection.QueryRowContext(ctx, "SELECT CONVERT(nvarchar(10), COUNT(*)) + N' ' + CONVERT(nvarchar(10), MAX(id)) FROM #t").Scan(&ids)
	if err != nil {
		return nil, err
	}
	return nil, equal("count and id", ids, "1 1")
}

// resetSession: a connection that returns to its pool loses its database, options and temporary tables.
func resetSession() (any, error) {
	db := open("", nil)
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "USE mgc; CREATE TABLE #kept (id int); SET LOCK_TIMEOUT 7"); err != nil {
		return nil, err
	}
	var name string
	var timeout int64
	var table any
	err := db.QueryRowContext(ctx, "SELECT DB_NAME(), @@LOCK_TIMEOUT, OBJECT_ID(N'tempdb..#kept')").Scan(&name, &timeout, &table)
	if err != nil {
		return nil, err
	}
	return nil, equal("database, lock time-out, table", fmt.Sprint(name, timeout, table), fmt.Sprint("master", int64(-1), nil))
}

func prepared(connection *sql.Conn) (any, error) {
	statement, err := connection.PrepareContext(ctx, "SELECT @p1 + 1")
	if err != nil {
		return nil, err
	}
	defer statement.Close()
	for _, sent := range []int64{1, 2, 3} {
		var found int64
		if err := statement.QueryRowContext(ctx, sent).Scan(&found); err != nil {
			return nil, err
		}
		if err := equal("value", found, sent+1); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func largeResult() (any, error) {
	db := open("", map[string]string{"packet size": "32767"})
	defer db.Close()
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT TOP (%d) channelId, chatId, chatDate, userId, content FROM mgc.dbo.tblChat", largeResultRows))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		count++
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return nil, equal("rows", count, largeResultRows)
}

func runTypes() {
	large := bytes.Repeat([]byte{0, 255, 16, 128}, 5000)
	run("parameter: int", roundTrip(int64(-2147483648)))
	run("parameter: bigint", roundTrip(int64(9223372036854775807)))
	run("parameter: bit", roundTrip(true))
	run("parameter: empty text", roundTrip(""))
	run("parameter: text beyond ASCII", roundTrip("Grüße, 部屋 \U0001f600 'quoted' ’typographic’"))
	run("parameter: 4,000 characters", roundTrip(strings.Repeat("ß", 4000)))
	run("parameter: 9,000 characters", roundTrip(strings.Repeat("ß", 9000)))
	run("parameter: short binary", roundTrip([]byte{0, 255, 16}))
	run("parameter: 20,000 bytes", roundTrip(large))
	run("parameter: numeric(25, 0)", numeric)
	run("parameter: datetime", converted("datetime", mssql.DateTime1(time.Date(2013, 2, 28, 23, 59, 58, 997000000, time.UTC)), "2013-02-28T23:59:58.997"))
	run("parameter: datetime2", converted("datetime2(7)", civil.DateTimeOf(time.Date(1753, 1, 1, 0, 0, 0, 123456700, time.UTC)), "1753-01-01T00:00:00.1234567"))
	run("parameter: datetimeoffset", converted("datetime2(7)", time.Date(1753, 1, 1, 0, 0, 0, 123456700, time.UTC), "1753-01-01T00:00:00.1234567"))
	var guid mssql.UniqueIdentifier
	if err := guid.Scan("6f9619ff-8b86-d011-b42d-00c04fc964ff"); err != nil {
		panic(err)
	}
	run("parameter: uniqueidentifier", converted("nvarchar(36)", guid, "6F9619FF-8B86-D011-B42D-00C04FC964FF"))
	run("NULL of every type", connected(nulls))
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var lab struct {
		Instances []instance `json:"instances"`
	}
	if err := json.Unmarshal(text, &lab); err != nil {
		panic(err)
	}
	for _, one := range lab.Instances {
		if one.Site == "backup" && one.Role == "principal" {
			server = one
		}
		if one.Site == "wire" {
			wire[one.Role] = one
		}
	}
	version := "unknown"
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range build.Deps {
			if dependency.Path == driver {
				version = strings.TrimPrefix(dependency.Version, "v")
			}
		}
	}
	say(map[string]any{"client": "go-mssqldb", "version": version})
	run("without TLS", protectedBy("without TLS", "disable", "FALSE"))
	run("TLS for the login only", protectedBy("TLS for the login only", "false", "FALSE"))
	run("TLS throughout", protectedBy("TLS throughout", "true", "TRUE"))
	run("wrong password", refused(map[string]string{"password": "wrong"}, 18456))
	run("unknown database", refused(map[string]string{"database": "nosuch"}, 4060, 18456))
	run("several statements, several results", connected(severalResults))
	run("PRINT and RAISERROR", connected(severities))
	run("RAISERROR of severity 20", severityOfTheConnection)
	run("error after a row", connected(errorAfterRow))
	run("two errors of one statement", connected(twoErrors))
	run("time-out in WAITFOR", connected(timeOut))
	run("attention in WAITFOR", connectedBy("attention", cancelledWait))
	run("attention in rows without end", connectedBy("attention", cancelledRows))
	runTypes()
	run("procedure by name", connected(procedure))
	run("prepared statement", connected(prepared))
	run("transactions", connected(transactions))
	run("reset in the pool", resetSession)
	run("100,000 rows", largeResult)
	say(map[string]any{"end": true})
}
