-- +goose Up
-- One-time codes by which a small source confirms a pick-up. The digits are nowhere: hash
-- is keyed. What a code confirmed stands in the log.
CREATE TABLE stop_codes (
    id         uuid PRIMARY KEY,
    site       uuid NOT NULL,
    hash       bytea NOT NULL,
    made_at    bigint NOT NULL,
    expires_at bigint NOT NULL,
    tries      bigint NOT NULL,
    used_at    bigint
);
CREATE INDEX stop_codes_site ON stop_codes (site, made_at);
-- The one row whose lock lets one writer in at a time.
CREATE TABLE collection_version (
    id      bigint PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL
);
INSERT INTO collection_version VALUES (1, 0);

-- +goose Down
DROP TABLE collection_version;
DROP TABLE stop_codes;
