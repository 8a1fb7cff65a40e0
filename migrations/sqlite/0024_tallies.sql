-- +goose Up
-- Running sums of what was put on manifests and what was accepted, with the steps that made
-- them: what a sum was before an entry is the sum less the steps from there on. Both are
-- projections of the log; `liandan migrate` fills them.
CREATE TABLE tally_steps (
    seq    INTEGER NOT NULL,
    line   INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    day    INTEGER NOT NULL,
    party  TEXT    NOT NULL,
    site   TEXT    NOT NULL,
    other  TEXT    NOT NULL,
    code   TEXT    NOT NULL,
    method TEXT    NOT NULL,
    grams  INTEGER NOT NULL,
    PRIMARY KEY (seq, line)
) WITHOUT ROWID;
CREATE INDEX tally_steps_party ON tally_steps (party, kind, seq);
CREATE TABLE tallies (
    kind   TEXT    NOT NULL,
    day    INTEGER NOT NULL,
    party  TEXT    NOT NULL,
    site   TEXT    NOT NULL,
    other  TEXT    NOT NULL,
    code   TEXT    NOT NULL,
    method TEXT    NOT NULL,
    grams  INTEGER NOT NULL,
    PRIMARY KEY (party, kind, day, site, other, code, method)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE tallies;
DROP TABLE tally_steps;
