#!/usr/bin/env bash
# A private PostgreSQL server for tests: its own data directory, its own port on 127.0.0.1, its own password,
# nothing shared with a server the machine may already run. Nothing in it outlives the tests.
#
#   server.sh run -- COMMAND...   start, run COMMAND with LIANDAN_TEST_POSTGRES set, stop; its exit status is COMMAND's
#   server.sh watch               start, print the address, stop when standard input ends (package testdb uses this:
#                                 the pipe closes even when the test process is killed)
#   server.sh start PID           start for the process PID and print two exports:  eval "$(.ci/postgres.sh start $$)"
#   server.sh stop [DIRECTORY]    stop what `start` started (default: $LIANDAN_TEST_POSTGRES_DIR)
#
# Every start first clears away servers whose owner is dead (a kill -9 leaves no one to clean up).
# LIANDAN_POSTGRES_BIN names the directory of initdb and pg_ctl, where the newest under /usr/lib/postgresql is not wanted.
# LIANDAN_TEST_FSYNC=off trades the truth about durability for speed; the default is on, as in production.
set -euo pipefail

readonly prefix=liandan-postgres
server_dir='' # directory of the server this process started, once there is one

die() { printf 'postgres for tests: %s\n' "$*" >&2; exit 1; }

# find_binaries sets $bin to a directory that holds initdb, pg_ctl and postgres.
find_binaries() {
  bin=${LIANDAN_POSTGRES_BIN:-}
  if [ -z "$bin" ]; then
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [ -x "$bin/initdb" ] || bin=$(dirname "$(command -v initdb || echo /usr/lib/postgresql/bin/initdb)")
  fi
  local name
  for name in initdb pg_ctl postgres; do
    [ -x "$bin/$name" ] || die "no $name in $bin. Install the server with: apt-get install postgresql (\`make test\` does it for you)."
  done
}

# find_user sets $user: PostgreSQL refuses to run as root, so root hands it to an account without rights.
find_user() {
  user=''
  [ "$(id -u)" -eq 0 ] || return 0
  for user in postgres nobody; do
    if id -u "$user" >/dev/null 2>&1; then return 0; fi
  done
  die "running as root, and there is neither an account postgres nor nobody to run the server as."
}

as_server() {
  if [ -n "$user" ]; then (cd / && exec runuser -u "$user" -- "$@"); else "$@"; fi
}

# find_base sets $base, a temporary directory that the server's account can enter.
find_base() {
  base=${TMPDIR:-/tmp}
  as_server test -d "$base" -a -x "$base" || base=/tmp
}

# born prints when the process $1 started, in ticks since boot, so that a reused process number is not taken for its
# predecessor; it prints nothing when there is no such process.
born() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  # shellcheck disable=SC2086 # field 22 of proc(5), counted behind the name in parentheses
  set -- ${stat##*) }
  echo "${20}"
}

# running says whether a postmaster is at work in the data directory $1 (and not just a leftover pid file).
running() {
  local pid
  pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$1" ]
}

# remove stops the server in directory $1, if it runs, and deletes the directory. Immediate stop: nobody needs the data.
remove() {
  if running "$1/data"; then
    as_server "$bin/pg_ctl" -D "$1/data" -m immediate -w -t 60 stop >/dev/null 2>&1 || true
    if running "$1/data"; then
      printf 'postgres for tests: the server in %s does not stop\n' "$1" >&2
      return 1
    fi
  fi
  rm -rf -- "$1"
}

# sweep removes our own directories whose owner is gone, with the server still running in them if need be.
sweep() {
  local dir pid since
  for dir in "$base/$prefix".*; do
    if [ ! -d "$dir" ] || [ -L "$dir" ] || [ ! -O "$dir" ]; then continue; fi
    if read -r pid since 2>/dev/null <"$dir/owner"; then
      [ "$(born "$pid")" != "$since" ] || continue
    elif [ -z "$(find "$dir" -maxdepth 0 -mmin +10 2>/dev/null)" ]; then
      continue # somebody is just making it
    fi
    remove "$dir" || true
  done
}

# start makes and starts a server owned by process $1; it sets $server_dir and $dsn.
start() {
  local since password port attempt data
  since=$(born "$1")
  [ -n "$since" ] || die "there is no process $1 to own the server."
  find_binaries; find_user; find_base; sweep
  server_dir=$(mktemp -d "$base/$prefix.XXXXXXXX")
  echo "$1 $since" >"$server_dir/owner"
  chmod 711 "$server_dir" # the server's account must pass through, and see nothing else
  data=$server_dir/data
  mkdir -m 700 "$data"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$password" >"$server_dir/password")
  [ -z "$user" ] || chown "$user" "$data" "$server_dir/password"
  as_server "$bin/initdb" -D "$data" -U liandan --pwfile="$server_dir/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync >"$server_dir/initdb.log" 2>&1 ||
    { cat "$server_dir/initdb.log" >&2; die "initdb failed."; }
  rm -f -- "$server_dir/password"
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = ${LIANDAN_TEST_FSYNC:-on}
timezone = 'UTC'
CONF
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + RANDOM % 12000)) # below the range the kernel hands out by itself
    if as_server "$bin/pg_ctl" -D "$data" -l "$data/server.log" -o "-p $port" -w -t 60 start >/dev/null 2>&1 </dev/null; then
      dsn="postgres://liandan:$password@127.0.0.1:$port/postgres?sslmode=disable"
      return 0
    fi
    grep -q 'could not bind' "$data/server.log" || break
    : >"$data/server.log"
  done
  cat "$data/server.log" >&2
  die "the server did not start (attempt $attempt, port $port)."
}

cleanup() {
  local dir=$server_dir
  server_dir=''
  [ -z "$dir" ] || remove "$dir"
}

# run gives the command a process group of its own, so that Ctrl-C or a termination reaches all of it before the
# server goes.
run() {
  local status=0 job
  start $$
  export LIANDAN_TEST_POSTGRES=$dsn
  set -m
  "$@" &
  job=$!
  set +m
  trap 'kill -INT -- "-$job" 2>/dev/null || true' INT
  trap 'kill -TERM -- "-$job" 2>/dev/null || true' TERM HUP
  wait "$job" || status=$?
  while kill -0 "$job" 2>/dev/null; do # a signal ends `wait` early
    status=0; wait "$job" || status=$?
  done
  cleanup
  exit "$status"
}

mode=${1:-}
[ $# -eq 0 ] || shift
trap cleanup EXIT
case $mode in
run)
  [ "${1:-}" != -- ] || shift
  [ $# -gt 0 ] || die "run needs a command."
  run "$@"
  ;;
watch)
  trap '' INT # Ctrl-C is for the tests; when they are gone the pipe ends
  trap 'exit 0' TERM HUP
  start $$
  echo "$dsn"
  exec >/dev/null
  while read -r _; do :; done
  ;;
start)
  [[ "${1:-}" =~ ^[0-9]+$ ]] || die "start needs the number of the process the server is for."
  start "$1"
  printf 'export LIANDAN_TEST_POSTGRES=%q\nexport LIANDAN_TEST_POSTGRES_DIR=%q\n' "$dsn" "$server_dir"
  server_dir='' # it stays
  ;;
stop)
  dir=${1:-${LIANDAN_TEST_POSTGRES_DIR:-}}
  case $dir in */"$prefix".*) ;; *) die "stop needs the directory that start printed." ;; esac
  find_binaries; find_user
  remove "$dir"
  ;;
*)
  die "usage: run -- COMMAND... | watch | start PID | stop [DIRECTORY]"
  ;;
esac
