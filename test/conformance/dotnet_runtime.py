"""Loads .NET Core 3.1 of the PyPI package dotnetcore2 into Python, with Microsoft's assemblies from CONFORMANCE_ASSEMBLIES."""

import ctypes.util
import json
import os
import re
import sys
import tempfile

RUNTIME = {
    "runtimeOptions": {
        "tfm": "netcoreapp3.1",
        "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
        "rollForward": "latestPatch",
    }
}


def load(*assemblies):
    """Starts the runtime and makes the assemblies importable; call once, before any import from .NET."""
    # The runtime looks for ICU by version and knows those up to 70.
    icu = re.search(r"\.so\.(\d+)", ctypes.util.find_library("icuuc") or "")
    if icu is None:
        os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
    else:
        os.environ.setdefault("CLR_ICU_VERSION_OVERRIDE", icu.group(1))
    import clr_loader
    import dotnetcore2
    import pythonnet

    with tempfile.NamedTemporaryFile("w", suffix=".json") as configuration:
        json.dump(RUNTIME, configuration)
        configuration.flush()
        root = os.path.join(os.path.dirname(dotnetcore2.__file__), "bin")
        pythonnet.load(clr_loader.get_coreclr(runtime_config=configuration.name, dotnet_root=root))
    import clr

    sys.path.append(os.environ["CONFORMANCE_ASSEMBLIES"])
    for assembly in assemblies:
        clr.AddReference(assembly)
