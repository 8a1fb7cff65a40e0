-- +goose Up
-- Of each site and local month the first movement by which it reported, and the first by
-- which waste of its own was treated that was collected in the same month: a projection of
-- the movements. Days are counted from 1970-01-01 in China's time; month is that of the first.
-- A figure reads a row or two of hundreds of sites: ids are bytes, so that few pages are read.
CREATE TABLE site_months (
    month     INTEGER NOT NULL,
    site      BLOB    NOT NULL,
    treated   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    collected INTEGER NOT NULL,
    plant     BLOB,
    code      TEXT    NOT NULL,
    method    TEXT    NOT NULL,
    PRIMARY KEY (month, site, treated)
) WITHOUT ROWID;

INSERT INTO site_months (month, site, treated, seq, day, collected, plant, code, method)
SELECT month, unhex(origin, '-'), 0, seq, day, 0, NULL, '', '' FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY month, origin ORDER BY seq, line) AS nth FROM (
        SELECT origin, seq, line, (at + 28800000) / 86400000 AS day,
            unixepoch((at + 28800000) / 1000, 'unixepoch', 'start of month') / 86400 AS month
        FROM movements WHERE kind = 'generated') AS m) AS n
WHERE nth = 1;

INSERT INTO site_months (month, site, treated, seq, day, collected, plant, code, method)
SELECT month, unhex(origin, '-'), 1, seq, day, (taken + 28800000) / 86400000, unhex(site, '-'), code, method FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY month, origin ORDER BY seq, line) AS nth FROM (
        SELECT *, unixepoch((at + 28800000) / 1000, 'unixepoch', 'start of month') / 86400 AS month,
            unixepoch((taken + 28800000) / 1000, 'unixepoch', 'start of month') / 86400 AS taken_month FROM (
            SELECT origin, seq, line, at, site, code, method, (at + 28800000) / 86400000 AS day,
                (SELECT c.at FROM movements c WHERE c.batch = x.batch AND c.kind = 'collected' AND c.seq < x.seq ORDER BY c.seq, c.line LIMIT 1) AS taken
            FROM movements x WHERE kind IN ('treated', 'residue') AND mixed = 0) AS m) AS t
    WHERE taken_month = month) AS n
WHERE nth = 1;

-- +goose Down
DROP TABLE site_months;
