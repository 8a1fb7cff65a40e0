-- +goose Up
-- The log: entries, tiles and heads are evidence. They refuse UPDATE, DELETE and
-- TRUNCATE; tiles may only grow at their right end.
CREATE TABLE entries (
    seq         INTEGER  PRIMARY KEY,
    event_id    TEXT    UNIQUE,
    kind        TEXT    NOT NULL,
    hash        BLOB   NOT NULL,
    leaf_hash   BLOB   NOT NULL,
    recorded_at INTEGER  NOT NULL,
    entry       BLOB   NOT NULL,
    body        BLOB   NOT NULL
);

CREATE TABLE tiles (
    level  INTEGER NOT NULL,
    idx    INTEGER  NOT NULL,
    hashes BLOB   NOT NULL,
    PRIMARY KEY (level, idx)
);

CREATE TABLE heads (
    size        INTEGER PRIMARY KEY,
    root        BLOB  NOT NULL,
    recorded_at INTEGER NOT NULL,
    checkpoint  BLOB  NOT NULL
);

-- The one row that serialises commit groups.
CREATE TABLE log_state (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    size        INTEGER  NOT NULL,
    root        BLOB   NOT NULL,
    recorded_at INTEGER  NOT NULL
);
INSERT INTO log_state VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0);

-- A connection without recursive_triggers deletes by INSERT OR REPLACE without firing the
-- triggers on DELETE, and anyone's connection may be so: an insert over a kept row, by any
-- of its keys or by its rowid, is refused as well.
-- +goose StatementBegin
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER heads_no_update BEFORE UPDATE ON heads BEGIN
    SELECT RAISE(ABORT, 'heads is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER heads_no_delete BEFORE DELETE ON heads BEGIN
    SELECT RAISE(ABORT, 'heads is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tiles_no_delete BEFORE DELETE ON tiles BEGIN
    SELECT RAISE(ABORT, 'tiles is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tiles_grow BEFORE UPDATE ON tiles
WHEN NEW.rowid <> OLD.rowid OR NEW.level <> OLD.level OR NEW.idx <> OLD.idx OR length(NEW.hashes) > 8192
     OR substr(NEW.hashes, 1, length(OLD.hashes)) IS NOT OLD.hashes BEGIN
    SELECT RAISE(ABORT, 'tiles may only grow');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER entries_no_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq) OR EXISTS (SELECT 1 FROM entries WHERE event_id = NEW.event_id) BEGIN
    SELECT RAISE(ABORT, 'entries is append-only: the row is there already');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER heads_no_replace BEFORE INSERT ON heads WHEN EXISTS (SELECT 1 FROM heads WHERE size = NEW.size) BEGIN
    SELECT RAISE(ABORT, 'heads is append-only: the row is there already');
END;
-- +goose StatementEnd
-- The store itself inserts over a tile that grows, so only what would not grow is refused.
-- +goose StatementBegin
CREATE TRIGGER tiles_no_replace BEFORE INSERT ON tiles
WHEN length(NEW.hashes) > 8192
     OR EXISTS (SELECT 1 FROM tiles WHERE rowid = NEW.rowid)
     OR EXISTS (SELECT 1 FROM tiles WHERE level = NEW.level AND idx = NEW.idx AND substr(NEW.hashes, 1, length(hashes)) IS NOT hashes) BEGIN
    SELECT RAISE(ABORT, 'tiles may only grow');
END;
-- +goose StatementEnd

-- Projections: caches of the fold, recreated by `liandan rebuild`.
CREATE TABLE entry_links (
    batch     TEXT   NOT NULL,
    n         INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    leaf_hash BLOB  NOT NULL,
    PRIMARY KEY (batch, n)
) WITHOUT ROWID;
CREATE TABLE batches (
    id        TEXT   PRIMARY KEY,
    stage     TEXT   NOT NULL,
    custodian TEXT   NOT NULL,
    site      TEXT,
    manifest  TEXT,
    seq       INTEGER NOT NULL,
    state     BLOB  NOT NULL
) WITHOUT ROWID;
CREATE TABLE manifests (
    id        TEXT   PRIMARY KEY,
    stage     TEXT   NOT NULL,
    consignor TEXT   NOT NULL,
    carrier   TEXT   NOT NULL,
    consignee TEXT   NOT NULL,
    number    TEXT,
    seq       INTEGER NOT NULL,
    state     BLOB  NOT NULL
) WITHOUT ROWID;
CREATE TABLE postings (
    seq    INTEGER   NOT NULL,
    line   INTEGER NOT NULL,
    batch  TEXT     NOT NULL,
    kind   TEXT     NOT NULL,
    party  TEXT     NOT NULL,
    site   TEXT,
    code   TEXT     NOT NULL,
    method TEXT     NOT NULL,
    grams  INTEGER   NOT NULL,
    PRIMARY KEY (seq, line)
) WITHOUT ROWID;

-- What was signed but may not come next (yet).
CREATE TABLE quarantine (
    hash        BLOB  PRIMARY KEY,
    event_id    TEXT   NOT NULL,
    received_at INTEGER NOT NULL,
    kind        TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    seq         INTEGER,
    body        BLOB  NOT NULL
);
CREATE INDEX quarantine_waiting ON quarantine (received_at, hash);
CREATE TABLE quarantine_subjects (
    subject TEXT  NOT NULL,
    hash    BLOB NOT NULL REFERENCES quarantine (hash),
    PRIMARY KEY (subject, hash)
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER quarantine_no_delete BEFORE DELETE ON quarantine BEGIN
    SELECT RAISE(ABORT, 'quarantine is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- The store holds the same bytes twice without complaint, and the first row stays.
-- +goose StatementBegin
CREATE TRIGGER quarantine_no_replace BEFORE INSERT ON quarantine
WHEN EXISTS (SELECT 1 FROM quarantine WHERE rowid = NEW.rowid) OR EXISTS (SELECT 1 FROM quarantine WHERE hash = NEW.hash) BEGIN
    SELECT CASE WHEN EXISTS (SELECT 1 FROM quarantine WHERE hash = NEW.hash AND body = NEW.body AND event_id = NEW.event_id)
        THEN RAISE(IGNORE)
        ELSE RAISE(ABORT, 'the bytes in quarantine are kept as they came') END;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER quarantine_keeps BEFORE UPDATE ON quarantine
WHEN NEW.rowid <> OLD.rowid OR NEW.hash <> OLD.hash OR NEW.body <> OLD.body OR NEW.event_id <> OLD.event_id OR NEW.received_at <> OLD.received_at BEGIN
    SELECT RAISE(ABORT, 'the bytes in quarantine are kept as they came');
END;
-- +goose StatementEnd

CREATE TABLE labels (
    token      TEXT   PRIMARY KEY,
    batch      TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    made_at    INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX labels_batch ON labels (batch);

-- +goose Down
DROP TABLE labels;
DROP TABLE quarantine_subjects;
DROP TABLE quarantine;
DROP TABLE postings;
DROP TABLE manifests;
DROP TABLE batches;
DROP TABLE entry_links;
DROP TABLE log_state;
DROP TABLE heads;
DROP TABLE tiles;
DROP TABLE entries;
