-- +goose Up
-- A device key's life goes into the log, chapter by chapter. The row keeps how many
-- chapters there are and the hash of the newest, so that the next can name it. Keys from
-- before have none (0); the server states them once at its start.
ALTER TABLE device_keys ADD COLUMN alg TEXT NOT NULL DEFAULT '';
ALTER TABLE device_keys ADD COLUMN replaces TEXT;
ALTER TABLE device_keys ADD COLUMN refused_from BIGINT;
ALTER TABLE device_keys ADD COLUMN history_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_keys ADD COLUMN history_head BYTEA;
UPDATE device_keys SET refused_from = revoked_at;
UPDATE device_keys SET alg = CASE WHEN position('"crv":"Ed25519"' in convert_from(jwk, 'UTF8')) > 0 THEN 'EdDSA' ELSE 'ES256' END;
-- Pages of keys are in the order of bytes, as on SQLite.
ALTER TABLE device_keys ALTER COLUMN kid TYPE TEXT COLLATE "C";
-- A key hands over once.
CREATE UNIQUE INDEX device_keys_replaces ON device_keys (replaces);
CREATE INDEX device_keys_person ON device_keys (person);
CREATE INDEX device_keys_party ON device_keys (party, valid_from);
CREATE INDEX device_keys_unstated ON device_keys (kid) WHERE history_n = 0;
ALTER TABLE enrolments ADD COLUMN made_by TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE enrolments DROP COLUMN made_by;
DROP INDEX device_keys_unstated;
DROP INDEX device_keys_party;
DROP INDEX device_keys_person;
DROP INDEX device_keys_replaces;
ALTER TABLE device_keys ALTER COLUMN kid TYPE TEXT COLLATE "default";
ALTER TABLE device_keys DROP COLUMN history_head;
ALTER TABLE device_keys DROP COLUMN history_n;
ALTER TABLE device_keys DROP COLUMN refused_from;
ALTER TABLE device_keys DROP COLUMN replaces;
ALTER TABLE device_keys DROP COLUMN alg;
