-- +goose Up
-- Drafts of manifests: working copies that nobody has signed. They are no evidence and no
-- projection: nothing in the log rests on them. id is that of the manifest to come.
CREATE TABLE manifest_drafts (
    id           uuid   PRIMARY KEY,
    party        uuid   NOT NULL,
    version      bigint NOT NULL,
    content      bytea  NOT NULL,
    made_at      bigint NOT NULL,
    changed_at   bigint NOT NULL,
    discarded_at bigint
);
CREATE INDEX manifest_drafts_party ON manifest_drafts (party, id);

-- +goose Down
DROP TABLE manifest_drafts;
