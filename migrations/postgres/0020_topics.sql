-- +goose Up
-- Which entries of the log have to do with a trip, an authorisation, a shop, a source or a
-- confirmation by code. A projection, recreated by `liandan rebuild` and after this file.
CREATE TABLE topics (
    kind    text NOT NULL,
    subject text NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (kind, subject, seq)
);

-- +goose Down
DROP TABLE topics;
