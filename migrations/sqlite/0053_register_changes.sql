-- +goose Up
-- What each import made each row of the registers say, when and by whom: nothing is changed
-- or taken away. Rows from before this table have no history until they change.
CREATE TABLE register_changes (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    party TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    key   TEXT    NOT NULL,
    at    INTEGER NOT NULL,
    by_id TEXT    NOT NULL,
    cells TEXT    NOT NULL
);
CREATE INDEX register_changes_party ON register_changes (party, seq);
-- +goose StatementBegin
CREATE TRIGGER register_changes_no_update BEFORE UPDATE ON register_changes BEGIN
    SELECT RAISE(ABORT, 'register_changes is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER register_changes_no_delete BEFORE DELETE ON register_changes BEGIN
    SELECT RAISE(ABORT, 'register_changes is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER register_changes_no_replace BEFORE INSERT ON register_changes
WHEN EXISTS (SELECT 1 FROM register_changes WHERE seq = NEW.seq) BEGIN
    SELECT RAISE(ABORT, 'register_changes is append-only: REPLACE is refused');
END;
-- +goose StatementEnd

-- A file that was tried and waits to be applied: one of each person, for a day at most.
CREATE TABLE register_uploads (
    by_id   TEXT    PRIMARY KEY,
    id      TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    made_at INTEGER NOT NULL
);

-- +goose Down
DROP TABLE register_uploads;
DROP TABLE register_changes;
