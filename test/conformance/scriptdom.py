"""Parses T-SQL with one of Microsoft's own grammars: python scriptdom.py GRAMMAR TEXTS.json

GRAMMAR is TSql100Parser (SQL Server 2008 and 2008 R2) or TSql110Parser (2012); TEXTS.json a list of {"text", "where"}. Each
text is a case, and what it runs by sp_executesql or EXEC('…') as a literal is parsed with it. Tells what case_report.py does.
"""

import collections
import json
import re
import sys

import dotnet_runtime
from case_report import Report

VERSIONS = {"TSql100Parser": "SQL Server 2008 R2", "TSql110Parser": "SQL Server 2012"}
# Procedures whose argument of this position is T-SQL.
TEXT_ARGUMENTS = {"sp_executesql": 0, "sp_prepare": 2, "sp_prepexec": 2}
# What a text must have for its tree to be worth a walk, which takes most of the time.
MAY_BE_DYNAMIC = re.compile(r"sp_executesql|sp_prepare|sp_prepexec|exec(ute)?\s*\(", re.IGNORECASE)

grammar_name, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    texts = json.load(file)
dotnet_runtime.load("Microsoft.SqlServer.TransactSql.ScriptDom")
import System
from Microsoft.SqlServer.TransactSql import ScriptDom
from System.IO import StringReader

grammar = getattr(ScriptDom, grammar_name)(True)
kinds = collections.Counter()


def parse(text):
    """Parses a text and the texts within it; raises with what the grammar says."""
    fragment, errors = grammar.Parse(StringReader(text), None)
    if errors.Count > 0:
        said = "; ".join(f"line {one.Line}, column {one.Column}: {one.Number} {one.Message}" for one in errors)
        raise SyntaxError(f"{said}\n{text}")
    for batch in fragment.Batches:
        kinds.update(statement.GetType().Name.removesuffix("Statement") for statement in batch.Statements)
    if MAY_BE_DYNAMIC.search(text):
        for inner in dynamic_texts(fragment):
            parse(inner)


def dynamic_texts(fragment):
    """Literals that are T-SQL themselves, wherever in the text they are executed."""
    found = []
    for call in calls(fragment):
        entity = call.ExecutableEntity
        kind = entity.GetType().Name
        if kind == "ExecutableStringList":
            parts = list(entity.Strings)
            if all(part.GetType().Name == "StringLiteral" for part in parts):
                found.append("".join(part.Value for part in parts))
        elif kind == "ExecutableProcedureReference" and entity.ProcedureReference.ProcedureReference is not None:
            name = entity.ProcedureReference.ProcedureReference.Name.BaseIdentifier.Value.lower()
            at = TEXT_ARGUMENTS.get(name)
            arguments = list(entity.Parameters)
            if at is not None and at < len(arguments) and arguments[at].ParameterValue.GetType().Name == "StringLiteral":
                found.append(arguments[at].ParameterValue.Value)
    return found


def calls(fragment):
    """Every EXECUTE within a fragment, found by walking the properties of ScriptDom's tree."""
    waiting = [fragment]
    while waiting:
        node = waiting.pop()
        if node.GetType().Name == "ExecuteSpecification":
            yield node
        for value in properties(node):
            if isinstance(value, ScriptDom.TSqlFragment):
                waiting.append(value)
            elif isinstance(value, System.Collections.IEnumerable) and not isinstance(value, str):
                waiting.extend(one for one in value if isinstance(one, ScriptDom.TSqlFragment))


def properties(node):
    for one in node.GetType().GetProperties():
        if one.Name != "ScriptTokenStream" and one.GetIndexParameters().Length == 0:
            yield one.GetValue(node)


assembly = System.Reflection.Assembly.GetAssembly(ScriptDom.TSqlFragment)
version = System.Diagnostics.FileVersionInfo.GetVersionInfo(assembly.Location).FileVersion
report = Report(f"ScriptDom, grammar of {VERSIONS[grammar_name]}", version)
for sent in texts:
    report.run(sent["where"], lambda: parse(sent["text"]))
counted = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
report.say(note=f"{len(texts)} texts, {sum(kinds.values())} statements: {counted}")
report.end()
