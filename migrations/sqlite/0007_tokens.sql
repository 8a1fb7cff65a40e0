-- +goose Up
-- A bearer token carries one appointment. Tokens from before were the operator's or an
-- organisation administrator's.
ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN sites TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN divisions TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN revoked_at INTEGER;
UPDATE tokens SET role = CASE WHEN party IS NULL THEN 'system_administrator' ELSE 'organisation_administrator' END;

-- +goose Down
ALTER TABLE tokens DROP COLUMN revoked_at;
ALTER TABLE tokens DROP COLUMN divisions;
ALTER TABLE tokens DROP COLUMN sites;
ALTER TABLE tokens DROP COLUMN person;
ALTER TABLE tokens DROP COLUMN role;
