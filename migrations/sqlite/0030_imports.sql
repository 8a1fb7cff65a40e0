-- +goose Up
-- Records of the past, as somebody's spreadsheet had them: nobody signed them, and they are
-- kept apart from everything that was signed. What answers for them is the statement in the
-- log whose hash they name. They refuse UPDATE and DELETE.
CREATE TABLE imports (
    hash BLOB    PRIMARY KEY,
    at   INTEGER NOT NULL,
    body BLOB    NOT NULL
);
CREATE TABLE imported_records (
    import     BLOB    NOT NULL REFERENCES imports (hash),
    line       INTEGER NOT NULL,
    record_key BLOB    NOT NULL UNIQUE,
    party      TEXT    NOT NULL,
    site       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    day        TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    code       TEXT    NOT NULL,
    grams      INTEGER NOT NULL,
    body       BLOB    NOT NULL,
    PRIMARY KEY (import, line)
);
CREATE INDEX imported_records_site ON imported_records (site, kind, day);

-- +goose StatementBegin
CREATE TRIGGER imports_no_update BEFORE UPDATE ON imports BEGIN
    SELECT RAISE(ABORT, 'imports is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER imports_no_delete BEFORE DELETE ON imports BEGIN
    SELECT RAISE(ABORT, 'imports is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER imports_no_replace BEFORE INSERT ON imports
WHEN EXISTS (SELECT 1 FROM imports WHERE hash = NEW.hash) OR EXISTS (SELECT 1 FROM imports WHERE rowid = NEW.rowid) BEGIN
    SELECT RAISE(ABORT, 'imports is append-only: the row is there already');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER imported_records_no_update BEFORE UPDATE ON imported_records BEGIN
    SELECT RAISE(ABORT, 'imported_records is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER imported_records_no_delete BEFORE DELETE ON imported_records BEGIN
    SELECT RAISE(ABORT, 'imported_records is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER imported_records_no_replace BEFORE INSERT ON imported_records
WHEN EXISTS (SELECT 1 FROM imported_records WHERE record_key = NEW.record_key)
     OR EXISTS (SELECT 1 FROM imported_records WHERE import = NEW.import AND line = NEW.line)
     OR EXISTS (SELECT 1 FROM imported_records WHERE rowid = NEW.rowid) BEGIN
    SELECT RAISE(ABORT, 'imported_records is append-only: the row is there already');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE imported_records;
DROP TABLE imports;
