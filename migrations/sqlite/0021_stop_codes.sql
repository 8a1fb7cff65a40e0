-- +goose Up
-- One-time codes by which a small source confirms a pick-up. The digits are nowhere: hash
-- is keyed. What a code confirmed stands in the log.
CREATE TABLE stop_codes (
    id         TEXT PRIMARY KEY,
    site       TEXT NOT NULL,
    hash       BLOB NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    used_at    INTEGER
);
CREATE INDEX stop_codes_site ON stop_codes (site, made_at);
-- The one row whose lock lets one writer in at a time.
CREATE TABLE collection_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
);
INSERT INTO collection_version VALUES (1, 0);

-- +goose Down
DROP TABLE collection_version;
DROP TABLE stop_codes;
