package contract

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/party"
	"liandan/internal/problem"
	"liandan/internal/rule"
	"liandan/internal/signature"
)

// object is a JSON object that keeps the order of its members: name, value, name, value.
type object []any

// MarshalJSON writes the members in order and leaves out those whose value is nil.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i := 0; i < len(o); i += 2 {
		if o[i+1] == nil {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		v, err := json.Marshal(o[i+1])
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, '"'), o[i].(string)...), `":`...)
		b = append(b, v...)
	}
	return append(b, '}'), nil
}

// orNone is nil for the empty string, so that the member is left out.
func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

type sample struct {
	name  string // in components/examples
	value any
}

// samples is what components/examples must say.
func (s *story) samples(t *testing.T) []sample {
	generated, stored, issued, collected := s.events[1], s.events[4], s.events[5], s.events[6]
	names := []string{"UseRecorded", "BatchGenerated", "BatchReleased", "BatchReceived", "BatchStored", "ManifestIssued",
		"TransportCollected", "TransportDelivered", "ManifestAccepted", "BatchTreated", "OutcomeReported", "RulingRecorded",
		"", "BatchRepacked", "", "ManifestCancelled", "", "", "TransportHandedOver", "", "", "ManifestRefused", "TransportReturned", "InspectionRecorded",
		"ManifestNumbered", "CorrectionProposed", "CorrectionAgreed", "CorrectionDeclined",
		"IncidentReported", "PaperBackfilled", "", "", "MeterRecorded",
		"AuthorisationGiven", "StopSkipped", "BatterySold", "BatteryTakenBack", "AuthorisationWithdrawn", "SampleDrawn"}
	out := []sample{{"SignedEvent", string(generated.jws)}}
	for i, n := range names {
		if n == "" {
			continue // shown already
		}
		out = append(out, sample{n, json.RawMessage(s.events[i].payload)})
	}
	key := object{"kid", s.signer.Kid(), "party", sampleID("a1"), "person", sampleID("d1"), "device", "样例手机1 SAMPLE phone 1",
		"alg", "EdDSA", "valid_from", "2026-03-01T00:00:00.000Z", "valid_to", "2027-03-01T00:00:00.000Z"}
	wrongStage := fault.As(issued.batch.Check(stored.event, stored.event.Batches[0]))
	tooEarly := fault.As(stored.manifest.Check(collected.event))
	out = append(append(append(out, s.peopleSamples(t)...), machineSamples()...), s.keySamples(t, key)...)
	return append(out,
		sample{"Receipt", receiptOf(generated)},
		sample{"EventRecord", object{"id", generated.event.ID, "hash", generated.hash, "seq", generated.seq,
			"recorded_at", stamp(generated), "type", generated.event.Type, "jws", string(generated.jws),
			"entry", string(generated.entry), "proof", string(generated.proof)}},
		sample{"Chain", object{"batch", generated.batch.ID, "sound", true, "broken", []string{},
			"steps", []any{s.stepOf(generated), s.stepOf(s.events[2])}}},
		sample{"BatchView", viewOf(issued)},
		sample{"ManifestView", paperOf(issued)},
		sample{"QuarantinePage", object{"items", []any{object{"hash", collected.hash, "event_id", collected.event.ID,
			"received_at", stamp(collected), "kind", tooEarly.Kind, "detail", tooEarly.Sentence, "state", "waiting"}}}},
		sample{"Key", key},
		sample{"RevokedKey", append(key, "revoked_at", "2026-03-01T00:00:00.000Z")},
		sample{"Checkpoint", string(s.checkpoint)},
		sample{"VerifierKey", s.vkey + "\n"},
		sample{"Bundle", json.RawMessage(s.bundleOf(t, generated))},
		sample{"HeaderMember", problemOf(s.headerFault(t), false)},
		sample{"BadSignature", problemOf(s.signatureFault(t), false)},
		sample{"WrongStage", problemOf(wrongStage, true)},
		sample{"InvalidEvent", problemOf(invalidFault(t, generated), false)},
	)
}

func stamp(x told) string { return x.recorded.UTC().Format(ledger.RecordedForm) }

func receiptOf(x told) object {
	return object{"id", x.event.ID, "hash", x.hash, "seq", x.seq, "recorded_at", stamp(x), "entry", string(x.entry),
		"proof", string(x.proof), "findings", append([]rule.Finding{}, x.findings...), "next", x.batch.Next()}
}

func (s *story) stepOf(x told) object {
	var grams any
	if b := x.event.Batches[0]; b.Weighed {
		grams = b.Grams
	}
	return object{"seq", x.seq, "recorded_at", stamp(x), "event_id", x.event.ID, "type", x.event.Type,
		"at", x.event.At.Format(event.TimeForm), "party", x.event.Party, "site", x.event.Site, "person", x.event.Person,
		"kid", s.signer.Kid(), "grams", grams, "entry", string(x.entry), "jws", string(x.jws),
		"findings", append([]rule.Finding{}, x.findings...)}
}

func viewOf(x told) object {
	b := x.batch
	return object{"id", b.ID, "stage", b.Stage, "code", b.Code, "code_name_zh", "感染性废物", "code_name_en", "infectious waste",
		"code_verified", true, "hazards", []string{"In"}, "form", b.Form, "packaging", b.Packaging, "measured", b.Measured,
		"grams", b.Grams, "initial_grams", b.Initial, "refused_grams", b.Refused, "treated_grams", b.TreatedSum, "methods", []string{},
		"generator", b.Generator, "origin", b.Origin, "custodian", b.Custodian, "site", b.Site, "manifest", b.Manifest,
		"label", b.Label, "entries", b.N, "head", b.Head, "seq", b.Seq, "last_at", x.event.At.UTC().Format(ledger.RecordedForm),
		"missing", b.Missing(), "next", b.Next(), "findings", append([]rule.Finding{}, x.findings...)}
}

func paperOf(x told) object {
	m := x.manifest
	return object{"id", m.ID, "stage", m.Stage, "profile", m.Profile, "number", orNone(m.Number), "consignor", m.Consignor,
		"consignor_site", m.ConsignorSite, "carrier", m.Carrier, "consignee", m.Consignee, "consignee_site", m.ConsigneeSite,
		"method", orNone(string(m.Method)), "lines", m.Lines, "issued_at", x.event.At.UTC().Format(ledger.RecordedForm),
		"missing", m.Missing(), "next", m.Next(), "findings", append([]rule.Finding{}, x.findings...)}
}

// problemOf is what a caller is told of a fault.
func problemOf(f *fault.Error, retained bool) api.Problem {
	p := problem.Body(f, "7f3a9c0e1b2d4f56")
	p.Retained = retained
	return p
}

// bundleOf is the evidence file of the batch as it was right after the event.
func (s *story) bundleOf(t *testing.T, x told) []byte {
	t.Helper()
	valid := party.Period{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)}
	key := must(bundle.NewKey(party.Key{Kid: s.signer.Kid(), Party: x.event.Party, Person: x.event.Person,
		Device: "样例手机1 SAMPLE phone 1", Public: s.signer.Public(), Valid: valid}))(t)
	_, path, checkpoint, err := merkle.ParseReceipt(x.proof)
	if err != nil {
		t.Fatal(err)
	}
	b := bundle.Bundle{Kind: bundle.OfBatch, Subject: x.batch.ID.UUID(), MadeAt: x.recorded, Origin: logName, VKey: s.vkey,
		Checkpoint: checkpoint, Size: x.seq + 1, Keys: []bundle.Key{key},
		Entries: []bundle.Entry{{Index: x.seq, Entry: x.entry, Event: x.jws, Proof: path}}}
	if r := bundle.Check(b, bundle.Options{Trusted: s.vkey}); len(r.Broken) > 0 {
		t.Fatalf("the evidence of the example does not hold: %v", r.Broken)
	}
	return must(bundle.Encode(b))(t)
}

func (s *story) headerFault(t *testing.T) *fault.Error {
	header := `{"alg":"EdDSA","kid":"` + s.signer.Kid() + `","typ":"liandan-event","jku":"https://sample.example/keys"}`
	parts := bytes.SplitN(s.events[1].jws, []byte("."), 2)
	_, err := signature.Open(append([]byte(base64.RawURLEncoding.EncodeToString([]byte(header))+"."), parts[1]...), signature.TypEvent)
	return needFault(t, err, fault.HeaderMember)
}

func (s *story) signatureFault(t *testing.T) *fault.Error {
	head, _, _ := bytes.Cut(s.events[1].jws, []byte("."))
	payload := base64.RawURLEncoding.EncodeToString(bytes.Replace(s.events[1].payload, []byte("12400"), []byte("12300"), 1))
	tail := s.events[1].jws[bytes.LastIndexByte(s.events[1].jws, '.'):]
	signed := must(signature.Open([]byte(string(head)+"."+payload+string(tail)), signature.TypEvent))(t)
	return needFault(t, signed.Verify(s.signer.Public()), fault.BadSignature)
}

func invalidFault(t *testing.T, x told) *fault.Error {
	bad := bytes.Replace(x.payload, []byte(`"grams":12400`), []byte(`"grams":12.4`), 1)
	_, err := event.Parse(bytes.Replace(bad, []byte(`"form":"S",`), nil, 1))
	return needFault(t, err, fault.InvalidEvent)
}

func needFault(t *testing.T, err error, k fault.Kind) *fault.Error {
	t.Helper()
	if fault.Of(err) != k {
		t.Fatalf("expected a fault of kind %s, got %v", k, err)
	}
	return fault.As(err)
}
