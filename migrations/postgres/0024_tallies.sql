-- +goose Up
-- Running sums of what was put on manifests and what was accepted, with the steps that made
-- them: what a sum was before an entry is the sum less the steps from there on. Both are
-- projections of the log; `liandan migrate` fills them.
CREATE TABLE tally_steps (
    seq    bigint  NOT NULL,
    line   bigint  NOT NULL,
    kind   text    NOT NULL,
    day    bigint  NOT NULL,
    party  uuid    NOT NULL,
    site   uuid    NOT NULL,
    other  text    NOT NULL,
    code   text    NOT NULL,
    method text    NOT NULL,
    grams  bigint  NOT NULL,
    PRIMARY KEY (seq, line)
);
CREATE INDEX tally_steps_party ON tally_steps (party, kind, seq);
CREATE TABLE tallies (
    kind   text    NOT NULL,
    day    bigint  NOT NULL,
    party  uuid    NOT NULL,
    site   uuid    NOT NULL,
    other  text    NOT NULL,
    code   text    NOT NULL,
    method text    NOT NULL,
    grams  bigint  NOT NULL,
    PRIMARY KEY (party, kind, day, site, other, code, method)
);

-- +goose Down
DROP TABLE tallies;
DROP TABLE tally_steps;
