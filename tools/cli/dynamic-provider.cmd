@echo off
rem The engine looks for this name beside the CLI, starts it in the project's folder and gives it its own address.
for /f "delims=" %%p in ('node -p "require.resolve('@pulumi/pulumi/cmd/dynamic-provider', { paths: [process.cwd()] })"') do node "%%p" %*
