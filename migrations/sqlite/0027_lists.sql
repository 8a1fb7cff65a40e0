-- +goose Up
-- What people look for: projections of the fold, recreated by `liandan rebuild` and compared
-- by `liandan check`. A row of worklist holds when a clock began, never when it is due: that
-- follows from the rules and the calendar when somebody asks.
CREATE TABLE worklist (
    subject TEXT    NOT NULL,
    slot    INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    list    TEXT    NOT NULL,
    party   TEXT    NOT NULL,
    site    TEXT,
    ord     INTEGER NOT NULL,
    PRIMARY KEY (subject, slot)
) WITHOUT ROWID;
CREATE INDEX worklist_party ON worklist (party, list, kind, ord, subject, site);
CREATE INDEX worklist_city ON worklist (list, kind, ord, subject, site, party);

-- Whom a thing's own events name: those who may see it.
CREATE TABLE involved (
    subject TEXT    NOT NULL,
    who     TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (subject, who)
) WITHOUT ROWID;
CREATE INDEX involved_who ON involved (who, kind, at, subject);

CREATE TABLE terms (
    term    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (term, subject)
) WITHOUT ROWID;
CREATE INDEX terms_at ON terms (term, kind, at, subject);

-- +goose Down
DROP TABLE terms;
DROP TABLE involved;
DROP TABLE worklist;
