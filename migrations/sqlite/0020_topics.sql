-- +goose Up
-- Which entries of the log have to do with a trip, an authorisation, a shop, a source or a
-- confirmation by code. A projection, recreated by `liandan rebuild` and after this file.
CREATE TABLE topics (
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (kind, subject, seq)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE topics;
