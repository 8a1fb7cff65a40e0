-- +goose Up
-- A manifest's state says when lines were refused, for the clock of the receipt ends then.
-- `liandan migrate` recreates the states from the log once a file like this one has been applied.
SELECT 1;

-- +goose Down
SELECT 1;
