-- +goose Up
-- Scans of slips that were signed on paper, by the hash that a back-filled slip carries in the
-- log. They are evidence: nothing is changed or taken away.
CREATE TABLE scans (
    hash     BLOB    PRIMARY KEY,
    type     TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    added_at INTEGER NOT NULL
);
-- +goose StatementBegin
CREATE TRIGGER scans_no_update BEFORE UPDATE ON scans BEGIN
    SELECT RAISE(ABORT, 'scans is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER scans_no_delete BEFORE DELETE ON scans BEGIN
    SELECT RAISE(ABORT, 'scans is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER scans_no_replace BEFORE INSERT ON scans
WHEN EXISTS (SELECT 1 FROM scans WHERE hash = NEW.hash OR rowid = NEW.rowid) BEGIN
    SELECT CASE WHEN EXISTS (SELECT 1 FROM scans WHERE hash = NEW.hash AND body = NEW.body)
        THEN RAISE(IGNORE)
        ELSE RAISE(ABORT, 'scans is append-only: REPLACE is refused') END;
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE scans;
