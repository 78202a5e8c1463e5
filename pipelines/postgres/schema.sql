-- The tables that the recipes beside this file work on; yours have other names and more columns.
-- Actions with identifiers, and when they were aged out of a row: null while they are readable.
CREATE TABLE action (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ts timestamptz NOT NULL,
    customer text NOT NULL,
    username text,
    ip text,
    name text NOT NULL,
    aged_at timestamptz
);
CREATE INDEX action_readable ON action (ts) WHERE aged_at IS NULL;

-- Accounts, with the day on which one was closed.
CREATE TABLE account (login text PRIMARY KEY, closed date);

-- Who has opted out of what, and from when on; an opt-out that is withdrawn keeps its row.
CREATE TABLE opt_out (
    customer text NOT NULL,
    purpose text NOT NULL DEFAULT '*',
    category text NOT NULL DEFAULT '*',
    effective date NOT NULL,
    withdrawn date
);
