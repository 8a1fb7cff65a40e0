-- +goose Up
-- Statements on their way into the log, written with the change that they tell of. The
-- next commit group takes them over and deletes the rows: a queue, not evidence.
CREATE TABLE outbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    made_at INTEGER NOT NULL
);

-- Projections of the log's statements and rulings, recreated by `liandan rebuild`.
CREATE TABLE statements (
    subject TEXT    NOT NULL,
    n       INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (subject, n)
) WITHOUT ROWID;
CREATE TABLE acts (
    seq       INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    operation TEXT    NOT NULL,
    subject   TEXT    NOT NULL
);
CREATE INDEX acts_actor ON acts (actor, seq);
CREATE INDEX acts_subject ON acts (subject, seq);
CREATE TABLE act_parties (
    party TEXT    NOT NULL,
    seq   INTEGER NOT NULL,
    PRIMARY KEY (party, seq)
) WITHOUT ROWID;
CREATE TABLE rulings (
    hash    BLOB    PRIMARY KEY,
    seq     INTEGER NOT NULL,
    verdict TEXT    NOT NULL
) WITHOUT ROWID;

-- The key that may sign the log's next head, as note's "name+hash"; '' until a head is
-- signed. A succession of the log's key sets it to the new one.
ALTER TABLE log_state ADD COLUMN signer TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE log_state DROP COLUMN signer;
DROP TABLE rulings;
DROP TABLE act_parties;
DROP TABLE acts;
DROP TABLE statements;
DROP TABLE outbox;
