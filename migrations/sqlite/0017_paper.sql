-- +goose Up
-- The states of batches and manifests hold more from here on: what incidents took, and what stands on paper. `liandan migrate` recreates
-- them from the log once a file like this one has been applied.
SELECT 1;

-- +goose Down
SELECT 1;
