-- +goose Up
-- Drafts of manifests: working copies that nobody has signed. They are no evidence and no
-- projection: nothing in the log rests on them. id is that of the manifest to come.
CREATE TABLE manifest_drafts (
    id           TEXT    PRIMARY KEY,
    party        TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    content      BLOB    NOT NULL,
    made_at      INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    discarded_at INTEGER
) WITHOUT ROWID;
CREATE INDEX manifest_drafts_party ON manifest_drafts (party, id);

-- +goose Down
DROP TABLE manifest_drafts;
