#!/bin/sh
# Ages out rows in place: what is older than a calendar month keeps its row, with tokens and an address
# prefix in place of the identifiers.
#
#   PGDATABASE=shop age-out.sh KEYS [TODAY] [ROWS]
#
# KEYS is the folder of the month keys, TODAY the day to judge by (now, in ZONE), ROWS how many rows a
# transaction changes at most (10000), so that no lock is held for long. Each batch is one transaction:
# its rows are locked, filtered and changed, or nothing is. After a kill run it again. Two may run at
# once: each takes rows that the other has not locked.
#
# The keys count their months in ZONE, too, as a pipeline of that zone does. A store that was made in
# another zone (by earlier forms of this recipe in UTC) is refused with nothing changed: name its zone
# as KEYS_ZONE=UTC until its keys are gone, or give a new folder.
set -eu
keys=$1
zone=${ZONE:-Europe/Amsterdam}
today=${2:-$(TZ=$zone date +%F)}
rows=${3:-10000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SLUICE_KEYS=$keys
export KEYS_ZONE=${KEYS_ZONE:-$zone}
cd "$work"

# What a batch changed; the filter reads the locked rows and writes them without identifiers.
batch() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -v zone="$zone" -v today="$today" -v rows="$rows" <<'SQL'
BEGIN;
CREATE TEMP TABLE due ON COMMIT DROP AS
    SELECT id, ts, customer, username, ip FROM action
    WHERE aged_at IS NULL
        AND ts < (:'today'::date - interval '1 month') AT TIME ZONE :'zone'
    ORDER BY ts LIMIT :rows FOR UPDATE SKIP LOCKED;
CREATE TEMP TABLE aged (id bigint, ts text, customer text, username text, ip text) ON COMMIT DROP;
COPY (
    SELECT id, to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ts,
        customer, username, ip
    FROM due ORDER BY id
) TO STDOUT WITH (FORMAT csv, HEADER)
\g | sluice filter --format csv --time ts --set id=keep --set ts=keep --set customer=pseudonymize --set username=pseudonymize --set ip=truncate_ip:ipv4=/16,ipv6=/32 --keys "$SLUICE_KEYS" --zone "$KEYS_ZONE" --quarantine-limit 0 >rows.csv || touch failed
\copy aged FROM 'rows.csv' WITH (FORMAT csv, HEADER)
UPDATE action SET customer = aged.customer, username = aged.username, ip = aged.ip, aged_at = now()
    FROM aged WHERE action.id = aged.id;
-- A row that did not come back would stay readable: the division by zero undoes the batch.
SELECT 1 / (CASE WHEN (SELECT count(*) FROM due) = (SELECT count(*) FROM aged) THEN 1 ELSE 0 END) AS whole
    \gset
SELECT count(*) FROM aged;
COMMIT;
SQL
}

total=0
while :; do
    changed=$(batch)
    [ ! -e failed ]
    total=$((total + changed))
    rm -f rows.csv
    [ "$changed" -gt 0 ] || break
done
echo "$total rows aged out"
