"""How a conformance program tells what it found: one JSON object a line on standard output, read by tools/conformance.ts.

First {"client", "version"}; per case {"begin": name}, then {"case", "passed", "found"}; a {"note"} if there is more to say;
last {"end": true}.
"""

import json
import traceback

# Longer texts of drivers are cut: some repeat the whole value.
LONGEST_TEXT = 400


class Report:
    def __init__(self, client, version):
        self.say(client=client, version=version)

    @staticmethod
    def say(**line):
        print(json.dumps(line, default=str), flush=True)

    def run(self, name, case):
        """Runs one case: it passes when it returns; what it returns is shown as found."""
        self.say(begin=name)
        try:
            found = case()
            self.say(case=name, passed=True, found="" if found is None else str(found)[:LONGEST_TEXT])
        except Exception as error:  # a case may fail in any way a driver can
            where = traceback.extract_tb(error.__traceback__)[-1]
            found = f"{type(error).__name__}: {str(error)[:LONGEST_TEXT]} ({where.name}, line {where.lineno})"
            self.say(case=name, passed=False, found=found)

    def end(self):
        self.say(end=True)


def equal(what, found, expected):
    """Fails the case unless both are equal and of one type (True is not 1 here)."""
    if found != expected or type(found) is not type(expected):
        raise AssertionError(f"{what}: found {found!r}, expected {expected!r}")


def raises(what, number, call, number_of):
    """Fails the case unless the call raises an error for which `number_of` answers `number`."""
    try:
        call()
    except Exception as error:
        equal(f"{what}: number of {error}", number_of(error), number)
        return error
    raise AssertionError(f"{what}: no error, expected {number}")
