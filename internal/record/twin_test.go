package record_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"testing"

	"liandan/internal/event"
)

// TestTwinOfASignature sends (r, n-s) beside (r, s), which ES256 takes both: whoever
// comes second, in the same group or later, repeats what is there and adds nothing.
func TestTwinOfASignature(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag := d.Generate(900)
		d.taken(bag)
		stored := d.Sign(d.Porter, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
			e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID}}
		})
		twin := twinOf(t, stored.JWS)
		block := d.svc.Begin(context.Background(), [][]byte{twin, stored.JWS})
		first, second := block.Wait(context.Background(), 0), block.Wait(context.Background(), 1)
		if first.Err != nil || second.Err != nil || first.Repeat || !second.Repeat || first.Receipt.Hash != second.Receipt.Hash {
			t.Fatalf("together: %+v and %+v", first, second)
		}
		later := d.svc.Accept(context.Background(), stored.JWS)
		if later.Err != nil || !later.Repeat || !bytes.Equal(later.Receipt.Entry, first.Receipt.Entry) {
			t.Fatalf("later: %+v", later)
		}
		if d.size() != 2 {
			t.Fatalf("the log has %d entries, want 2", d.size())
		}
		d.sound()
	})
}

func twinOf(t *testing.T, compact []byte) []byte {
	t.Helper()
	dot := bytes.LastIndexByte(compact, '.')
	sig, err := base64.RawURLEncoding.DecodeString(string(compact[dot+1:]))
	if err != nil || len(sig) != 64 {
		t.Fatalf("not an ES256 signature: %v", err)
	}
	s := new(big.Int).SetBytes(sig[32:])
	new(big.Int).Sub(elliptic.P256().Params().N, s).FillBytes(sig[32:])
	return append(bytes.Clone(compact[:dot+1]), base64.RawURLEncoding.EncodeToString(sig)...)
}
