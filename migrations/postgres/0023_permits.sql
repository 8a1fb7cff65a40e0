-- +goose Up
-- Licences say how much a year and what belongs together; vehicles, management plans and
-- approvals between provinces are registers beside them. A plan line or an approval that
-- changes is a row of a later day: what held on a day stays known.
ALTER TABLE licences ADD COLUMN yearly_grams bigint NOT NULL DEFAULT 0;
ALTER TABLE licences ADD COLUMN scopes text NOT NULL DEFAULT '';
CREATE TABLE vehicles (
    party          uuid    NOT NULL REFERENCES organisations (id),
    plate          text    NOT NULL,
    permit         text    NOT NULL,
    capacity_grams bigint NOT NULL,
    medical        boolean NOT NULL,
    valid_from     bigint NOT NULL,
    valid_to       bigint,
    PRIMARY KEY (party, plate, valid_from)
);
CREATE TABLE plan_lines (
    party         uuid    NOT NULL REFERENCES organisations (id),
    site          uuid    NOT NULL REFERENCES sites (id),
    year          integer NOT NULL,
    filed         bigint NOT NULL,
    number        text    NOT NULL,
    code          text    NOT NULL,
    method        text    NOT NULL,
    consignee     text    NOT NULL,
    planned_grams bigint NOT NULL,
    PRIMARY KEY (site, year, code, method, consignee, filed)
);
CREATE INDEX plan_lines_party ON plan_lines (party);
CREATE TABLE approvals (
    party          uuid    NOT NULL REFERENCES organisations (id),
    number         text    NOT NULL,
    consignee      text    NOT NULL,
    code           text    NOT NULL,
    method         text    NOT NULL,
    approved_grams bigint NOT NULL,
    valid_from     bigint NOT NULL,
    valid_to       bigint,
    PRIMARY KEY (party, number, code, valid_from)
);

-- +goose Down
DROP TABLE approvals;
DROP TABLE plan_lines;
DROP TABLE vehicles;
ALTER TABLE licences DROP COLUMN scopes;
ALTER TABLE licences DROP COLUMN yearly_grams;
