-- +goose Up
-- What people look for: projections of the fold, recreated by `liandan rebuild` and compared
-- by `liandan check`. A row of worklist holds when a clock began, never when it is due: that
-- follows from the rules and the calendar when somebody asks.
CREATE TABLE worklist (
    subject uuid NOT NULL,
    slot    bigint NOT NULL,
    kind    text NOT NULL,
    list    text NOT NULL,
    party   uuid NOT NULL,
    site    uuid,
    ord     bigint NOT NULL,
    PRIMARY KEY (subject, slot)
);
CREATE INDEX worklist_party ON worklist (party, list, kind, ord, subject, site);
CREATE INDEX worklist_city ON worklist (list, kind, ord, subject, site, party);

-- Whom a thing's own events name: those who may see it.
CREATE TABLE involved (
    subject uuid NOT NULL,
    who     uuid NOT NULL,
    kind    text NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (subject, who)
);
CREATE INDEX involved_who ON involved (who, kind, at, subject);

CREATE TABLE terms (
    term    text NOT NULL,
    subject uuid NOT NULL,
    kind    text NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (term, subject)
);
CREATE INDEX terms_at ON terms (term, kind, at, subject);

-- +goose Down
DROP TABLE terms;
DROP TABLE involved;
DROP TABLE worklist;
