-- +goose Up
-- A site's ledger begins with the batches that its party ever had on an account.
CREATE INDEX postings_party ON postings (party, batch);

-- +goose Down
DROP INDEX postings_party;
