#!/bin/sh
# Opt-outs and the dates of accounts as the CSV files that a pipeline reads, out of the database that
# knows them. Run it right before `sluice run`; each file is replaced in one step, and only when the
# whole query came through, so that a broken connection leaves yesterday's list (whose age the pipeline
# can refuse: `max_age`, `max_shrink`).
#
#   PGDATABASE=shop export-lists.sh FOLDER
set -eu
folder=$1

# name, query: FOLDER/name.
list() {
    psql -X -q -v ON_ERROR_STOP=1 -c "COPY ($2) TO STDOUT WITH (FORMAT csv, HEADER)" \
        >"$folder/.$1.new"
    mv "$folder/.$1.new" "$folder/$1"
}

umask 077
list opt-outs.csv "SELECT customer, '' AS person, purpose AS purposes, category AS categories,
    effective AS effective_date, withdrawn AS withdrawn_date FROM opt_out ORDER BY 1, 3, 4, 5"
list accounts.csv "SELECT login AS \"user\", closed AS deactivated_on, current_date AS as_of
    FROM account ORDER BY login"
