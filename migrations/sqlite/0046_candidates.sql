-- +goose Up
-- Entries of which a rule may have something to say, and of what: no verdicts, but where to
-- look. A projection of the log, recreated by `liandan rebuild` and compared by `liandan check`.
CREATE TABLE candidates (
    seq     INTEGER NOT NULL,
    subject TEXT NOT NULL,
    loose   INTEGER NOT NULL,
    grave   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (seq, subject)
);
CREATE INDEX candidates_grave ON candidates (seq, subject) WHERE grave = 1;

-- What a site was from days on, by the beginning of the key.
CREATE INDEX register_facts_site ON register_facts (substr(key, 1, 41)) WHERE kind = 'site';

-- +goose Down
DROP INDEX register_facts_site;
DROP TABLE candidates;
