package contract

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/ledger"
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
		"TransportCollected", "TransportDelivered", "ManifestAccepted", "BatchTreated", "OutcomeReported"}
	out := []sample{{"SignedEvent", string(generated.jws)}}
	for i, n := range names {
		out = append(out, sample{n, json.RawMessage(s.events[i].payload)})
	}
	key := object{"kid", s.signer.Kid(), "party", sampleID("a1"), "person", sampleID("d1"), "device", "样例手机1 SAMPLE phone 1",
		"alg", "EdDSA", "valid_from", "2026-03-01T00:00:00.000Z", "valid_to", "2027-03-01T00:00:00.000Z"}
	wrongStage := fault.As(issued.batch.Check(stored.event, stored.event.Batches[0]))
	tooEarly := fault.As(stored.manifest.Check(collected.event))
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
		sample{"HeaderMember", problemOf(s.headerFault(t), 400, "The JWS header is not as agreed", "JWS 头不符合约定", false)},
		sample{"BadSignature", problemOf(s.signatureFault(t), 403, "The signature is wrong", "签名不符", false)},
		sample{"WrongStage", problemOf(wrongStage, 409, "The event may not come next", "时序不允许", true)},
		sample{"InvalidEvent", problemOf(invalidFault(t, generated), 422, "The event breaks its type's schema", "事件内容不符合该类型的格式", false)},
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

// problemOf writes a fault as the contract's problem. The title is the example's own.
func problemOf(f *fault.Error, status int, title, titleZH string, retained bool) object {
	o := object{"type", "/problems/" + string(f.Kind), "title", title, "title_zh", titleZH, "status", status,
		"detail", f.Sentence, "kind", f.Kind}
	if len(f.Fields) > 0 {
		o = append(o, "errors", f.Fields)
	}
	for _, name := range []string{"event", "batch", "manifest", "stage", "allowed", "head", "entries"} {
		if v, ok := f.Facts[name]; ok {
			o = append(o, name, v)
		}
	}
	if retained {
		o = append(o, "retained", true)
	}
	return append(o, "request_id", "7f3a9c0e1b2d4f56")
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
