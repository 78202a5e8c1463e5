#!/bin/sh
# Loads the tables of a published month (its JSON Lines) into the database of the analysts.
#
#   PGDATABASE=reports load-publication.sh out/product-usage/2026-03
#
# One row for each row of a table, as jsonb: a withheld figure stays the object {"suppressed": true}, so
# that nobody takes it for a zero. Loading a month again replaces it.
set -eu
folder=$1
month=$(basename "$folder")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for file in "$folder"/*.jsonl; do
    name=$(basename "$file" .jsonl)
    # In the text form of COPY a backslash is an escape.
    sed -e 's/\\/\\\\/g' -e "s/^/$month	$name	/" "$file"
done >"$work/rows"
cd "$work"
psql -X -q -v ON_ERROR_STOP=1 -v month="$month" <<'SQL'
BEGIN;
CREATE TABLE IF NOT EXISTS publication (month text, statistic text, figures jsonb);
DELETE FROM publication WHERE month = :'month';
\copy publication FROM 'rows'
COMMIT;
SQL
