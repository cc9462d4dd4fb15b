"""Reads an estate after a failback, as a client that shares no code with product and lab.

    python read_estate.py fingerprint LAB.json BEFORE.json   before the failback: what the backup's mgc holds
    python read_estate.py check LAB.json BEFORE.json         after it: one case per check, told as case_report.py does

LAB.json is what the lab printed, "-" for standard input. Where chat servers write between the two,
`--growth` lets channels have more rows than before, never fewer.
"""

import argparse
import json
from importlib.metadata import version

from case_report import Report
from lab_estate import LabEstate

DATABASE = "mgc"
# sysjobhistory.run_status and log_shipping_monitor_history_detail.session_status
SUCCEEDED = 1
SHIPPING_SUCCESS = 2
SHIPPING_ERROR = 3


def fingerprint(estate, instance):
    """Rows per channel, least and greatest message id and their sum; numbers as text, since JSON has doubles."""
    rows = estate.rows(
        instance,
        "SELECT channelId, COUNT_BIG(*) AS messages, MIN(chatId) AS first, MAX(chatId) AS last, "
        "SUM(CONVERT(decimal(38, 0), chatId)) AS ids "
        f"FROM [{DATABASE}].dbo.tblChat GROUP BY channelId ORDER BY channelId",
    )
    return {
        str(row["channelId"]): {name: str(row[name]) for name in ("messages", "first", "last", "ids")} for row in rows
    }


class Checks:
    """Tells one case per check."""

    def __init__(self, report):
        self.report = report

    def expect(self, what, holds, found):
        self.report.say(case=what, passed=bool(holds), found=str(found))

    def equal(self, what, found, expected):
        holds = found == expected
        self.expect(what, holds, found if holds else f"found {found!r}, expected {expected!r}")

    def one(self, what, rows):
        """The only row of a table that must have exactly one; {} where that fails, so that all checks are printed."""
        self.expect(f"{what}: one row", len(rows) == 1, f"{len(rows)} rows")
        return rows[0] if rows else {}


def file_name(path):
    """The last part of a Windows path; None stays None."""
    return None if path is None else path.rsplit("\\", 1)[-1]


def same_uuid(one, other):
    """python-tds hands out uuid.UUID, pymssql too; text is accepted as well."""
    return one is not None and other is not None and str(one).lower() == str(other).lower()


class Failback:
    """The estate's instances in their roles, and the checks of what stands there after a failback."""

    def __init__(self, estate, pool, checks):
        self.estate = estate
        self.checks = checks
        self.primary = estate.instance("primary", "principal", pool)
        self.backup = estate.instance("backup", "principal", pool)
        self.backup_mirror = estate.instance("backup", "mirror", pool)
        self.share = estate.share(pool)

    def database(self, instance):
        return self.checks.one(
            f"{instance['name']} sys.databases has {DATABASE}",
            self.estate.rows(
                instance,
                "SELECT state_desc, is_read_only, user_access_desc, recovery_model_desc, is_in_standby, "
                f"SUSER_SNAME(owner_sid) AS owner FROM sys.databases WHERE name = N'{DATABASE}'",
            ),
        )

    def check_primary(self):
        checks, row, name = self.checks, self.database(self.primary), self.primary["name"]
        checks.equal(f"{name} {DATABASE} state", row.get("state_desc"), "ONLINE")
        checks.equal(f"{name} {DATABASE} is read-only", row.get("is_read_only"), False)
        checks.equal(f"{name} {DATABASE} user access", row.get("user_access_desc"), "MULTI_USER")
        checks.equal(f"{name} {DATABASE} recovery model", row.get("recovery_model_desc"), "FULL")
        checks.expect(f"{name} {DATABASE} has an owner that exists there", row.get("owner") is not None, row.get("owner"))

    def check_rows(self, before, growth):
        checks, now = self.checks, fingerprint(self.estate, self.primary)
        what = f"{self.primary['name']} {DATABASE}"
        checks.equal(f"{what} channels", sorted(now), sorted(before))
        for channel, expected in sorted(before.items(), key=lambda pair: int(pair[0])):
            found = now.get(channel, {})
            if growth and found and int(found["messages"]) > int(expected["messages"]):
                checks.expect(
                    f"{what} channel {channel} kept its rows and grew",
                    found["first"] == expected["first"] and int(found["ids"]) > int(expected["ids"]),
                    f"{found['messages']} rows, before {expected['messages']}",
                )
            else:
                checks.equal(f"{what} channel {channel} rows, ids and their sum", found, expected)

    def check_backup_site(self):
        checks = self.checks
        for instance in (self.backup, self.backup_mirror):
            row = self.database(instance)
            checks.equal(f"{instance['name']} {DATABASE} state", row.get("state_desc"), "RESTORING")
            checks.equal(f"{instance['name']} {DATABASE} in standby", row.get("is_in_standby"), False)
            mirrored = self.estate.rows(
                instance, "SELECT DB_NAME(database_id) AS name FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL"
            )
            checks.equal(f"{instance['name']} mirrored databases", [one["name"] for one in mirrored], [])

    def check_history(self):
        """The newest full restore on the primary is of the newest full set that the backup made for it."""
        checks, name = self.checks, self.primary["name"]
        restores = self.estate.rows(
            self.primary,
            "SELECT r.restore_type, r.[replace], r.recovery, s.backup_set_uuid, s.server_name, s.database_name, s.name, "
            "s.type, s.first_lsn, s.last_lsn, f.physical_device_name FROM msdb.dbo.restorehistory AS r "
            "INNER JOIN msdb.dbo.backupset AS s ON s.backup_set_id = r.backup_set_id "
            "INNER JOIN msdb.dbo.backupmediafamily AS f ON f.media_set_id = s.media_set_id "
            f"WHERE r.destination_database_name = N'{DATABASE}' ORDER BY r.restore_history_id DESC",
        )
        made = self.estate.rows(
            self.backup,
            "SELECT s.backup_set_uuid, s.is_damaged, s.has_backup_checksums, s.first_lsn, s.last_lsn, "
            "f.physical_device_name FROM msdb.dbo.backupset AS s "
            "INNER JOIN msdb.dbo.backupmediafamily AS f ON f.media_set_id = s.media_set_id "
            f"WHERE s.database_name = N'{DATABASE}' AND s.type = 'D' AND s.server_name = @@SERVERNAME "
            "ORDER BY s.backup_set_id DESC",
        )
        checks.expect(f"{self.backup['name']} made a full backup", len(made) > 0, f"{len(made)} full sets in msdb")
        checks.expect(f"{name} restored", len(restores) > 0, f"{len(restores)} restores in msdb")
        if not made or not restores:
            return
        restored, source = restores[0], made[0]
        checks.expect(
            f"{name} newest restore is of {self.backup['name']}'s newest full set",
            same_uuid(restored["backup_set_uuid"], source["backup_set_uuid"]),
            f"{restored['backup_set_uuid']} ({restored['name']})",
        )
        checks.equal(f"{name} restored from server", restored["server_name"], self.backup["name"])
        checks.equal(f"{name} restore type", restored["restore_type"].strip(), "D")
        checks.equal(f"{name} restored WITH REPLACE", restored["replace"], True)
        checks.equal(f"{name} restored file", restored["physical_device_name"], source["physical_device_name"])
        checks.expect(
            f"{name} restored file lies on the share",
            restored["physical_device_name"].lower().startswith(self.share.lower() + "\\"),
            restored["physical_device_name"],
        )
        lsns = [restored["first_lsn"], restored["last_lsn"]]
        checks.equal(f"{name} LSNs of the set are the same in both msdb", lsns, [source["first_lsn"], source["last_lsn"]])
        checks.equal(f"{self.backup['name']} set has checksums", source["has_backup_checksums"], True)
        checks.equal(f"{self.backup['name']} set is damaged", source["is_damaged"], False)

    def check_shipping(self):
        """The primary's tables, then the secondary's; what each says of the other's files must agree."""
        last = self.check_shipping_primary()
        self.check_shipping_secondary(last)

    def check_shipping_primary(self):
        checks, instance = self.checks, self.primary
        name = instance["name"]
        row = self.checks.one(
            f"{name} log_shipping_primary_databases",
            self.estate.rows(instance, "SELECT * FROM msdb.dbo.log_shipping_primary_databases"),
        )
        checks.equal(f"{name} ships", row.get("primary_database"), DATABASE)
        checks.equal(f"{name} backup share", row.get("backup_share"), self.share)
        checks.expect(f"{name} last backup file", row.get("last_backup_file") is not None, row.get("last_backup_file"))
        partner = self.checks.one(
            f"{name} log_shipping_primary_secondaries",
            self.estate.rows(instance, "SELECT * FROM msdb.dbo.log_shipping_primary_secondaries"),
        )
        checks.equal(f"{name} secondary", partner.get("secondary_server"), self.backup["name"])
        checks.equal(f"{name} secondary database", partner.get("secondary_database"), DATABASE)
        checks.expect(
            f"{name} secondary belongs to the primary's id",
            same_uuid(partner.get("primary_id"), row.get("primary_id")),
            partner.get("primary_id"),
        )
        monitor = self.checks.one(
            f"{name} log_shipping_monitor_primary",
            self.estate.rows(instance, "SELECT * FROM msdb.dbo.log_shipping_monitor_primary"),
        )
        checks.equal(f"{name} monitor's primary server", monitor.get("primary_server"), name)
        checks.equal(f"{name} monitor's last backup file", monitor.get("last_backup_file"), row.get("last_backup_file"))
        checks.equal(f"{name} backup threshold", monitor.get("backup_threshold"), 60)
        checks.equal(f"{name} threshold alert enabled", monitor.get("threshold_alert_enabled"), True)
        self.check_job(instance, "backup", row.get("backup_job_id"))
        self.check_sessions(instance, "backup", row.get("primary_id"), 0)
        return file_name(row.get("last_backup_file"))

    def check_shipping_secondary(self, last_backup):
        checks, instance = self.checks, self.backup
        name = instance["name"]
        row = self.checks.one(
            f"{name} log_shipping_secondary",
            self.estate.rows(instance, "SELECT * FROM msdb.dbo.log_shipping_secondary"),
        )
        checks.equal(f"{name} primary server", row.get("primary_server"), self.primary["name"])
        checks.equal(f"{name} primary database", row.get("primary_database"), DATABASE)
        checks.equal(f"{name} source directory", row.get("backup_source_directory"), self.share)
        database = self.checks.one(
            f"{name} log_shipping_secondary_databases",
            self.estate.rows(instance, "SELECT * FROM msdb.dbo.log_shipping_secondary_databases"),
        )
        checks.equal(f"{name} secondary database", database.get("secondary_database"), DATABASE)
        checks.expect(
            f"{name} secondary database belongs to the secondary's id",
            same_uuid(database.get("secondary_id"), row.get("secondary_id")),
            database.get("secondary_id"),
        )
        checks.equal(f"{name} restore mode is NORECOVERY", database.get("restore_mode"), False)
        monitor = self.checks.one(
            f"{name} log_shipping_monitor_secondary",
            self.estate.rows(instance, "SELECT * FROM msdb.dbo.log_shipping_monitor_secondary"),
        )
        checks.equal(f"{name} monitor's secondary server", monitor.get("secondary_server"), name)
        copied = {file_name(row.get("last_copied_file")), file_name(monitor.get("last_copied_file"))}
        restored = {file_name(database.get("last_restored_file")), file_name(monitor.get("last_restored_file"))}
        # A log backup on schedule may stand between the reads: the secondary may be behind, never ahead.
        checks.expect(
            f"{name} last copied file, in both tables",
            len(copied) == 1 and None not in copied and max(copied) <= (last_backup or ""),
            f"{sorted(map(str, copied))}, last backup {last_backup}",
        )
        checks.expect(
            f"{name} last restored file, in both tables",
            len(restored) == 1 and None not in restored and max(restored) <= max(map(str, copied)),
            sorted(map(str, restored)),
        )
        for kind, column, agent_type in (("copy", "copy_job_id", 1), ("restore", "restore_job_id", 2)):
            self.check_job(instance, kind, row.get(column))
            self.check_sessions(instance, kind, row.get("secondary_id"), agent_type)

    def check_job(self, instance, kind, job_id):
        """The job exists, is enabled, runs every 15 minutes and its last run succeeded."""
        checks, what = self.checks, f"{instance['name']} {kind} job"
        jobs = self.estate.rows(
            instance,
            "SELECT j.name, j.enabled, s.freq_type, s.freq_subday_type, s.freq_subday_interval, "
            "s.enabled AS schedule_enabled FROM msdb.dbo.sysjobs AS j "
            "LEFT JOIN msdb.dbo.sysjobschedules AS a ON a.job_id = j.job_id "
            "LEFT JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = a.schedule_id "
            f"WHERE j.job_id = '{job_id}'",
        ) if job_id is not None else []
        job = checks.one(what, jobs)
        checks.expect(f"{what} is enabled", job.get("enabled") == 1, job.get("name"))
        schedule = [job.get(column) for column in ("schedule_enabled", "freq_type", "freq_subday_type", "freq_subday_interval")]
        checks.equal(f"{what} has one schedule: enabled, daily, every 15 minutes", schedule, [1, 4, 4, 15])
        if not jobs:
            return
        outcomes = self.estate.rows(
            instance,
            "SELECT TOP (1) run_status FROM msdb.dbo.sysjobhistory "
            f"WHERE job_id = '{job_id}' AND step_id = 0 ORDER BY instance_id DESC",
        )
        checks.equal(f"{what} last outcome", [row["run_status"] for row in outcomes], [SUCCEEDED])

    def check_sessions(self, instance, kind, agent_id, agent_type):
        checks, what = self.checks, f"{instance['name']} {kind} sessions"
        rows = self.estate.rows(
            instance,
            "SELECT session_status, COUNT(*) AS n FROM msdb.dbo.log_shipping_monitor_history_detail "
            f"WHERE agent_id = '{agent_id}' AND agent_type = {agent_type} GROUP BY session_status",
        ) if agent_id is not None else []
        counts = {row["session_status"]: row["n"] for row in rows}
        checks.expect(f"{what} in the history, one ended well", counts.get(SHIPPING_SUCCESS, 0) > 0, counts)
        checks.equal(f"{what} that failed", counts.get(SHIPPING_ERROR, 0), 0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["fingerprint", "check"])
    parser.add_argument("lab", help="the lab's JSON, - for standard input")
    parser.add_argument("before", help="the fingerprint's file")
    parser.add_argument("--client", choices=["python-tds", "pymssql"], default="python-tds")
    parser.add_argument("--pool", type=int, default=0, help="which pool, from 0")
    parser.add_argument("--growth", action="store_true", help="chat went on between the two readings")
    return parser.parse_args()


def main():
    options = arguments()
    estate = LabEstate.read(options.lab, options.client)
    if options.mode == "fingerprint":
        taken = fingerprint(estate, estate.instance("backup", "principal", options.pool))
        with open(options.before, "w", encoding="utf-8") as file:
            json.dump(taken, file, indent=2)
        return
    with open(options.before, encoding="utf-8") as file:
        before = json.load(file)
    report = Report(f"{options.client}, reading the estate after a failback", version(options.client))
    failback = Failback(estate, options.pool, Checks(report))
    failback.check_primary()
    failback.check_rows(before, options.growth)
    failback.check_history()
    failback.check_backup_site()
    failback.check_shipping()
    report.end()


if __name__ == "__main__":
    main()
