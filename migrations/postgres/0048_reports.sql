-- +goose Up
-- Reports that were made, by the calendar or on request, with the bytes of their document.
-- Of those by the calendar there is one for each period, district and set of definitions,
-- however many servers make them. The log has an act for each, with the hash of its bytes.
CREATE TABLE reports (
    id          uuid   PRIMARY KEY,
    period      text   NOT NULL,
    grain       text   NOT NULL,
    district    text   NOT NULL,
    definitions bytea  NOT NULL,
    size        bigint NOT NULL,
    root        bytea  NOT NULL,
    since       bigint NOT NULL,
    made_at     bigint NOT NULL,
    made_by     text   NOT NULL,
    hash        bytea  NOT NULL,
    body        bytea  NOT NULL
);
CREATE UNIQUE INDEX reports_scheduled ON reports (period, district, definitions) WHERE made_by = 'schedule';
CREATE INDEX reports_of ON reports (district, grain, id);
CREATE INDEX reports_period ON reports (period, id);
CREATE TRIGGER reports_no_change BEFORE UPDATE OR DELETE ON reports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reports_no_truncate BEFORE TRUNCATE ON reports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE reports;
