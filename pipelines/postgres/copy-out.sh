#!/bin/sh
# A copy of a table without identifiers, for people who may not read the table: rows leave the server
# through `COPY ... TO STDOUT`, pass `sluice filter`, and arrive in another table (or database).
#
#   PGDATABASE=shop copy-out.sh KEYS
#
# KEYS is the folder of the month keys of the tokens, whose months are those of ZONE, or of KEYS_ZONE as
# `age-out.sh` says. Nothing readable touches a disk. Either all rows arrive or none: the target is
# filled in one transaction, and a filter that fails breaks it off.
set -eu
keys=$1
zone=${KEYS_ZONE:-${ZONE:-Europe/Amsterdam}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

psql -X -q -v ON_ERROR_STOP=1 -c "COPY (
        SELECT to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS ts,
            customer, username, ip, name
        FROM action ORDER BY id
    ) TO STDOUT WITH (FORMAT csv, HEADER)" |
    {
        sluice filter --format csv --time ts --set ts=keep --set customer=pseudonymize \
            --set username=pseudonymize --set ip=truncate_ip:ipv4=/16,ipv6=/32 --set name=keep \
            --keys "$keys" --zone "$zone" || touch "$work/failed"
    } >"$work/rows.csv"
# A pipe tells the status of its last command only.
[ ! -e "$work/failed" ]

cd "$work"
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
BEGIN;
CREATE TABLE IF NOT EXISTS action_copy (
    ts timestamptz, customer text, username text, ip text, name text);
TRUNCATE action_copy;
\copy action_copy FROM 'rows.csv' WITH (FORMAT csv, HEADER)
COMMIT;
SQL
