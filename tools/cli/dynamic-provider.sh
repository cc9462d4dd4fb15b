#!/bin/sh
# The engine looks for this name beside the CLI, starts it in the project's folder and gives it its own address.
provider=$(node -p 'require.resolve("@pulumi/pulumi/cmd/dynamic-provider", { paths: [process.cwd()] })') || exit 1
exec node "$provider" "$@"
