-- +goose Up
-- Licences say how much a year and what belongs together; vehicles, management plans and
-- approvals between provinces are registers beside them. A plan line or an approval that
-- changes is a row of a later day: what held on a day stays known.
ALTER TABLE licences ADD COLUMN yearly_grams INTEGER NOT NULL DEFAULT 0;
ALTER TABLE licences ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
CREATE TABLE vehicles (
    party          TEXT    NOT NULL REFERENCES organisations (id),
    plate          TEXT    NOT NULL,
    permit         TEXT    NOT NULL,
    capacity_grams INTEGER NOT NULL,
    medical        INTEGER NOT NULL,
    valid_from     INTEGER NOT NULL,
    valid_to       INTEGER,
    PRIMARY KEY (party, plate, valid_from)
);
CREATE TABLE plan_lines (
    party         TEXT    NOT NULL REFERENCES organisations (id),
    site          TEXT    NOT NULL REFERENCES sites (id),
    year          INTEGER NOT NULL,
    filed         INTEGER NOT NULL,
    number        TEXT    NOT NULL,
    code          TEXT    NOT NULL,
    method        TEXT    NOT NULL,
    consignee     TEXT    NOT NULL,
    planned_grams INTEGER NOT NULL,
    PRIMARY KEY (site, year, code, method, consignee, filed)
);
CREATE INDEX plan_lines_party ON plan_lines (party);
CREATE TABLE approvals (
    party          TEXT    NOT NULL REFERENCES organisations (id),
    number         TEXT    NOT NULL,
    consignee      TEXT    NOT NULL,
    code           TEXT    NOT NULL,
    method         TEXT    NOT NULL,
    approved_grams INTEGER NOT NULL,
    valid_from     INTEGER NOT NULL,
    valid_to       INTEGER,
    PRIMARY KEY (party, number, code, valid_from)
);

-- +goose Down
DROP TABLE approvals;
DROP TABLE plan_lines;
DROP TABLE vehicles;
ALTER TABLE licences DROP COLUMN scopes;
ALTER TABLE licences DROP COLUMN yearly_grams;
