"""Parses T-SQL that was sent, with Microsoft's own grammars of SQL Server 2008 (R2) and 2012.

    python scriptdom.py [--program PREFIX] JOURNAL.jsonl…

Takes the texts of batches and remote procedure calls of the clients whose program name begins with PREFIX, the product's
by default, each different text once. Prints what a grammar refuses; status 1 if one does.
"""

import argparse
import collections
import json
import sys

import dotnet_runtime

PRODUCT = "pchat-dr"
# Statements, by their class in ScriptDom, are counted so that a reader sees what was covered.
GRAMMARS = ("TSql100Parser", "TSql110Parser")


def texts(paths, program):
    """Each different text with the line of its first journal entry."""
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                if entry["kind"] in ("batch", "rpc") and str(entry.get("client", "")).startswith(program):
                    found.setdefault(entry["text"], f"{path} n={entry.get('n')} {entry.get('instance')}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("journals", nargs="+")
    parser.add_argument("--program", default=PRODUCT, help=f"prefix of the clients' program name, default {PRODUCT}")
    options = parser.parse_args()
    found = texts(options.journals, options.program)
    if not found:
        print(f"no text of a client {options.program}…", file=sys.stderr)
        return 1
    dotnet_runtime.load("Microsoft.SqlServer.TransactSql.ScriptDom")
    import System.IO
    from Microsoft.SqlServer.TransactSql import ScriptDom

    refused = 0
    for name in GRAMMARS:
        grammar = getattr(ScriptDom, name)(True)
        kinds = collections.Counter()
        refusals = 0
        for text, where in found.items():
            fragment, errors = grammar.Parse(System.IO.StringReader(text), None)
            if errors.Count > 0:
                refusals += 1
                print(f"{name} refuses {where}:")
                for error in errors:
                    print(f"  line {error.Line}, column {error.Column}: {error.Number} {error.Message}")
                print("  " + text.replace("\n", "\n  "))
                continue
            for batch in fragment.Batches:
                kinds.update(statement.GetType().Name.removesuffix("Statement") for statement in batch.Statements)
        refused += refusals
        print(f"{name}: {len(found)} texts, {len(found) - refusals} accepted, {refusals} refused")
        print("  " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    return 0 if refused == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
