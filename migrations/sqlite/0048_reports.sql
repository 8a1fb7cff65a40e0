-- +goose Up
-- Reports that were made, by the calendar or on request, with the bytes of their document.
-- Of those by the calendar there is one for each period, district and set of definitions,
-- however many servers make them. The log has an act for each, with the hash of its bytes.
CREATE TABLE reports (
    id          TEXT    PRIMARY KEY,
    period      TEXT    NOT NULL,
    grain       TEXT    NOT NULL,
    district    TEXT    NOT NULL,
    definitions BLOB    NOT NULL,
    size        INTEGER NOT NULL,
    root        BLOB    NOT NULL,
    since       INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    made_by     TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    body        BLOB    NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX reports_scheduled ON reports (period, district, definitions) WHERE made_by = 'schedule';
CREATE INDEX reports_of ON reports (district, grain, id);
CREATE INDEX reports_period ON reports (period, id);
-- +goose StatementBegin
CREATE TRIGGER reports_no_update BEFORE UPDATE ON reports BEGIN
    SELECT RAISE(ABORT, 'reports is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports BEGIN
    SELECT RAISE(ABORT, 'reports is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER reports_no_replace BEFORE INSERT ON reports
WHEN EXISTS (SELECT 1 FROM reports WHERE id = NEW.id)
     OR (NEW.made_by = 'schedule' AND EXISTS (SELECT 1 FROM reports WHERE made_by = 'schedule' AND period = NEW.period AND district = NEW.district AND definitions = NEW.definitions)) BEGIN
    SELECT RAISE(ABORT, 'reports is append-only: the row is there already');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE reports;
