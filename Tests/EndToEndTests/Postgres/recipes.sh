#!/bin/bash
# Runs the recipes of pipelines/postgres against a server of its own: a cluster in a folder of its
# own, reached through a socket in it and by nothing else, stopped at the end.
#
#   recipes.sh REPOSITORY     with `sluice` and the programmes of the server on the PATH
set -euo pipefail
recipes=$1/pipelines/postgres
samples=$1/samples
home=$(mktemp -d /tmp/sluice-postgres-XXXXXX)
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
    # The server refuses to run as the superuser.
    chown nobody "$home"
    as_owner=(setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$home")
fi
cleanup() {
    (cd / && "${as_owner[@]}" pg_ctl -D "$home/data" -m immediate -w stop >/dev/null 2>&1) || true
    rm -rf "$home"
}
trap cleanup EXIT
fail() {
    echo "recipes.sh: $1" >&2
    exit 1
}

(
    cd /
    "${as_owner[@]}" initdb -D "$home/data" -U sluice -A trust -E UTF8 --no-sync >/dev/null
    "${as_owner[@]}" pg_ctl -D "$home/data" -w -l "$home/log" \
        -o "-c listen_addresses='' -c unix_socket_directories=$home -c fsync=off" start >/dev/null
)
export PGHOST=$home PGUSER=sluice PGDATABASE=postgres
query() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }
expect() {
    local found
    found=$(query "$2")
    [ "$found" = "$3" ] || fail "$1: found $found, expected $3"
}

psql -X -q -v ON_ERROR_STOP=1 -f "$recipes/schema.sql"
query "INSERT INTO action (ts, customer, username, ip, name)
    SELECT timestamptz '2026-02-01 00:00:00.5 Europe/Amsterdam' + n * interval '1 hour',
        'NL-' || n % 7, CASE WHEN n % 5 > 0 THEN 'user' || n % 50 || '@a.example' END,
        '192.0.2.' || n % 250, 'log\in, \"' || n % 3
    FROM generate_series(0, 1999) AS n"
due="ts < timestamptz '2026-03-15 00:00 Europe/Amsterdam'"
readable="username LIKE '%@%' OR customer LIKE 'NL-%' OR ip NOT LIKE '192.0.0.0'"
count=$(query "SELECT count(*) FROM action WHERE $due")

work=$home/work
mkdir "$work"
# A filter that fails must leave the batch as it was.
printf '#!/bin/sh\nexit 3\n' >"$work/sluice"
chmod +x "$work/sluice"
if PATH=$work:$PATH "$recipes/age-out.sh" "$work/keys" 2026-04-15 2>/dev/null; then
    fail "a filter that failed went unseen"
fi
expect "rows changed by a failed filter" "SELECT count(*) FROM action WHERE aged_at IS NOT NULL" 0
rm "$work/sluice"

told=$("$recipes/age-out.sh" "$work/keys" 2026-04-15 300)
[ "$told" = "$count rows aged out" ] || fail "told $told, expected $count"
expect "readable due rows" "SELECT count(*) FROM action WHERE $due AND ($readable)" 0
expect "rows not yet due but changed" \
    "SELECT count(*) FROM action WHERE NOT ($due) AND NOT (customer LIKE 'NL-%')" 0
expect "rows" "SELECT count(*) FROM action" 2000
expect "persons without a name" \
    "SELECT count(*) FROM action WHERE $due AND username IS NULL" "$((count / 5 + (count % 5 > 0)))"
expect "one token for a person of one month" \
    "SELECT count(DISTINCT username) FROM action WHERE ts < '2026-02-28' AND aged_at IS NOT NULL" 40
[ "$("$recipes/age-out.sh" "$work/keys" 2026-04-15 300)" = "0 rows aged out" ] ||
    fail "rows were aged out twice"
grep -aq Europe/Amsterdam "$work/keys/store" || fail "the keys count months in another zone"
if KEYS_ZONE=UTC "$recipes/copy-out.sh" "$work/keys" 2>/dev/null; then
    fail "one store served two zones"
fi

"$recipes/copy-out.sh" "$work/keys"
expect "rows of the copy" "SELECT count(*) FROM action_copy" 2000
expect "readable rows of the copy" "SELECT count(*) FROM action_copy WHERE $readable" 0

query "INSERT INTO opt_out VALUES ('NL-3', 'statistics', 'technical', '2026-01-20', NULL),
    ('NL-4', '*', '*', '2026-02-01', '2026-03-01')"
query "INSERT INTO account VALUES ('user1@a.example', NULL), ('user2@a.example', '2026-02-03')"
"$recipes/export-lists.sh" "$work"
cat >"$work/p.yaml" <<'YAML'
name: actions
source: { format: jsonl, files: none.jsonl, time: ts, stream: actions }
identity: { customer: customer, user: user }
tables: [{ name: accounts, file: accounts.csv, key: user, as_of: as_of, max_age: P3D }]
fields:
  ts: keep
  user:
    after: { start: { table: accounts, column: deactivated_on, by: user }, length: P0D }
    then: pseudonymize
outputs: [{ name: rows, purpose: statistics, path: "out/{date}.jsonl" }]
opt_outs: opt-outs.csv
keys: keys
YAML
sluice check "$work/p.yaml"

(
    cd "$home"
    cp -r "$1/pipelines" "$samples" .
    sluice run pipelines/product-usage.yaml --now 2026-04-15 --quiet
    sluice publish pipelines/product-usage.yaml --now 2026-04-15 --quiet
)
for round in 1 2; do "$recipes/load-publication.sh" "$home/out/product-usage/2026-03"; done
lines=$(cat "$home"/out/product-usage/2026-03/*.jsonl | wc -l)
expect "rows of the publication, loaded twice" "SELECT count(*) FROM publication" "$lines"
echo "all recipes did what they say"
