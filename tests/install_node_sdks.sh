#!/bin/sh
# The vendors' Node SDKs for the contract tests, into build/node: nothing is left beside the tests.
set -eu
here=$(dirname "$0")
target="$here/../build/node"
if ! command -v npm >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
    elif [ -n "${CI:-}" ]; then
        echo "The contract tests need Node.js and npm: install them and try again." >&2
        exit 1
    else
        echo "No npm here: the contract test of the Node SDK will be skipped." >&2
        exit 0
    fi
fi
mkdir -p "$target"
cmp -s "$here/contracts/node/package.json" "$target/package.json" && [ -d "$target/node_modules" ] && exit 0
cp "$here/contracts/node/package.json" "$target/package.json"
npm install --prefix "$target" --no-audit --no-fund --no-package-lock --loglevel=error
