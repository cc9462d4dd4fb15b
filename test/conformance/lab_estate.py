"""Connections to the instances of a running lab, by clients that share no code with it.

A lab is described by the JSON that `npm run lab -- up --json` prints and keeps in `lab.json` of its directory.
"""

import json
import sys

PROGRAM_NAME = "conformance"


class LabEstate:
    """The instances that the lab's JSON names; `client` is "python-tds" or "pymssql" (FreeTDS's db-lib)."""

    def __init__(self, description, client="python-tds"):
        self.description = description
        self.client = client

    @classmethod
    def read(cls, path, client="python-tds"):
        """Reads the JSON from a file, or from standard input where the path is "-"."""
        if path == "-":
            return cls(json.load(sys.stdin), client)
        with open(path, encoding="utf-8") as file:
            return cls(json.load(file), client)

    def instance(self, site, role, pool=0):
        """The instance of a site ("primary", "backup") and role ("principal", "mirror") in the n-th pool."""
        found = [one for one in self.description["instances"] if one["site"] == site and one["role"] == role]
        if pool >= len(found):
            raise LookupError(f"the lab has no {role} of the {site} site in pool {pool + 1}")
        return found[pool]

    def wire(self, role):
        """The relay that watches connections of a role, such as "TLS throughout", to the backup's principal."""
        return self.instance("wire", role)

    def share(self, pool=0):
        """The UNC path of a pool's backup share."""
        pools = self.description.get("pools")
        return (pools[pool] if pools else self.description)["share"]["unc"]

    def certificate(self):
        """Path of the self-signed certificate of all instances: the authority to trust."""
        return f"{self.description['directory']}/certificate/tds-certificate.pem"

    def connect(self, instance, **options):
        """A DB-API connection in autocommit mode, outside a transaction."""
        login = {"user": instance["user"], "password": instance["password"], "database": "master"}
        login.update(options)
        if self.client == "pymssql":
            import pymssql

            return pymssql.connect(
                server=instance["host"],
                port=str(instance["port"]),
                appname=PROGRAM_NAME,
                autocommit=True,
                login_timeout=15,
                **login,
            )
        import pytds

        return pytds.connect(
            dsn=instance["host"],
            port=instance["port"],
            appname=PROGRAM_NAME,
            autocommit=True,
            login_timeout=15,
            **login,
        )

    def rows(self, instance, text):
        """Rows of one statement as dictionaries."""
        with self.connect(instance) as connection:
            cursor = connection.cursor()
            cursor.execute(text)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]
