package contract

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"liandan/api"
)

var update = flag.Bool("update", false, "write components/examples of openapi.yaml anew; run make generate afterwards")

// examplesMark begins the last part of openapi.yaml, which -update writes.
const examplesMark = "\n  # ---- examples: internal/contract writes this part (go test -run TestExamplesAreTrue -update) ----\n  examples:\n"

// TestExamplesAreTrue makes every example of components/examples again. What the contract
// shows is signed, chained and proved for real, or this fails.
func TestExamplesAreTrue(t *testing.T) {
	samples := tell(t).samples(t)
	if *update {
		writeExamples(t, samples)
	}
	shown := load(t).Components.Examples
	for _, s := range samples {
		want := must(json.Marshal(s.value))(t)
		e := shown[s.name]
		if e == nil {
			t.Errorf("components/examples lacks %s; run with -update", s.name)
			continue
		}
		delete(shown, s.name)
		if got := must(json.Marshal(e.Value.Value))(t); !sameJSON(t, got, want) {
			t.Errorf("example %s says\n%s\nit should say (run with -update)\n%s", s.name, got, want)
		}
	}
	for name := range shown {
		t.Errorf("components/examples has %s, which nothing here makes", name)
	}
}

func writeExamples(t *testing.T, samples []sample) {
	text := string(must(os.ReadFile(specFile))(t))
	head, _, found := strings.Cut(text, examplesMark)
	if !found {
		t.Fatal("openapi.yaml has lost the line where the examples begin")
	}
	var b strings.Builder
	b.WriteString(head + examplesMark)
	for _, s := range samples {
		y := must(yamlOf(must(json.Marshal(s.value))(t), "        "))(t)
		fmt.Fprintf(&b, "    %s:\n      value:%s\n", s.name, y)
	}
	if err := os.WriteFile(specFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		t.Fatalf("not JSON: %s or %s", a, b)
	}
	return reflect.DeepEqual(x, y)
}

// wireTypes are the generated types by the name of their schema. A schema that shows an
// example and is not here fails the test below.
var wireTypes = map[string]func() any{
	"Booking":             func() any { return new(api.Booking) },
	"BookingRequest":      func() any { return new(api.BookingRequest) },
	"BookingStateRequest": func() any { return new(api.BookingStateRequest) },
	"BookingPage":         func() any { return new(api.BookingPage) },
	"Trip":                func() any { return new(api.Trip) },
	"TripRequest":         func() any { return new(api.TripRequest) },
	"TripChange":          func() any { return new(api.TripChange) },
	"TripStateRequest":    func() any { return new(api.TripStateRequest) },
	"TripPage":            func() any { return new(api.TripPage) },
	"AuthorisationList":   func() any { return new(api.AuthorisationList) },
	"Receipt":             func() any { return new(api.Receipt) },
	"Problem":             func() any { return new(api.Problem) },
	"Validation":          func() any { return new(api.Validation) },
	"EventRecord":         func() any { return new(api.EventRecord) },
	"BatchView":           func() any { return new(api.BatchView) },
	"ManifestView":        func() any { return new(api.ManifestView) },
	"Chain":               func() any { return new(api.Chain) },
	"BatchLabel":          func() any { return new(api.BatchLabel) },
	"QuarantinePage":      func() any { return new(api.QuarantinePage) },
	"EnrolmentRequest":    func() any { return new(api.EnrolmentRequest) },

	"Draft":        func() any { return new(api.Draft) },
	"DraftPage":    func() any { return new(api.DraftPage) },
	"DraftCheck":   func() any { return new(api.DraftCheck) },
	"SiteDuties":   func() any { return new(api.SiteDuties) },
	"PastReport":   func() any { return new(api.PastReport) },
	"DraftRequest": func() any { return new(api.DraftRequest) },
	"DraftChange":  func() any { return new(api.DraftChange) },

	"SourceStanding":          func() any { return new(api.SourceStanding) },
	"StopCode":                func() any { return new(api.StopCode) },
	"StopConfirmationRequest": func() any { return new(api.StopConfirmationRequest) },
	"StopConfirmation":        func() any { return new(api.StopConfirmation) },

	"WorkPage":                 func() any { return new(api.WorkPage) },
	"WorkCounts":               func() any { return new(api.WorkCounts) },
	"FindingPage":              func() any { return new(api.FindingPage) },
	"FindingCounts":            func() any { return new(api.FindingCounts) },
	"Enrolment":                func() any { return new(api.Enrolment) },
	"ChallengeRequest":         func() any { return new(api.ChallengeRequest) },
	"Challenge":                func() any { return new(api.Challenge) },
	"Bundle":                   func() any { return new(api.Bundle) },
	"Key":                      func() any { return new(api.Key) },
	"RevocationRequest":        func() any { return new(api.RevocationRequest) },
	"ImportReport":             func() any { return new(api.ImportReport) },
	"SignInRequest":            func() any { return new(api.SignInRequest) },
	"AcceptanceRequest":        func() any { return new(api.AcceptanceRequest) },
	"PasswordRequest":          func() any { return new(api.PasswordRequest) },
	"TOTPSetup":                func() any { return new(api.TOTPSetup) },
	"TOTPConfirmation":         func() any { return new(api.TOTPConfirmation) },
	"TOTPRemoval":              func() any { return new(api.TOTPRemoval) },
	"RecoveryCodes":            func() any { return new(api.RecoveryCodes) },
	"Session":                  func() any { return new(api.Session) },
	"Account":                  func() any { return new(api.Account) },
	"AccountPage":              func() any { return new(api.AccountPage) },
	"Appointment":              func() any { return new(api.Appointment) },
	"AppointmentRequest":       func() any { return new(api.AppointmentRequest) },
	"InvitationRequest":        func() any { return new(api.InvitationRequest) },
	"Invitation":               func() any { return new(api.Invitation) },
	"ClientRequest":            func() any { return new(api.ClientRequest) },
	"Client":                   func() any { return new(api.Client) },
	"ClientList":               func() any { return new(api.ClientList) },
	"ClientSecretRequest":      func() any { return new(api.ClientSecretRequest) },
	"NewClientSecret":          func() any { return new(api.NewClientSecret) },
	"GrantRequest":             func() any { return new(api.GrantRequest) },
	"Grant":                    func() any { return new(api.Grant) },
	"GrantList":                func() any { return new(api.GrantList) },
	"TokenAnswer":              func() any { return new(api.TokenAnswer) },
	"TokenError":               func() any { return new(api.TokenError) },
	"KeyPage":                  func() any { return new(api.KeyPage) },
	"Permits":                  func() any { return new(api.Permits) },
	"KeyHistory":               func() any { return new(api.KeyHistory) },
	"ActPage":                  func() any { return new(api.ActPage) },
	"IndicatorList":            func() any { return new(api.IndicatorList) },
	"IndicatorResult":          func() any { return new(api.IndicatorResult) },
	"IndicatorEvidence":        func() any { return new(api.IndicatorEvidence) },
	"CarbonEffect":             func() any { return new(api.CarbonEffect) },
	"CustodyPage":              func() any { return new(api.CustodyPage) },
	"UseComparison":            func() any { return new(api.UseComparison) },
	"MonthlyManifest":          func() any { return new(api.MonthlyManifest) },
	"TripCards":                func() any { return new(api.TripCards) },
	"CompactJWS":               func() any { return new(api.CompactJWS) },
	"EventUseRecorded":         func() any { return new(api.EventUseRecorded) },
	"EventBatchGenerated":      func() any { return new(api.EventBatchGenerated) },
	"EventBatchReleased":       func() any { return new(api.EventBatchReleased) },
	"EventBatchReceived":       func() any { return new(api.EventBatchReceived) },
	"EventBatchStored":         func() any { return new(api.EventBatchStored) },
	"EventManifestIssued":      func() any { return new(api.EventManifestIssued) },
	"EventTransportCollected":  func() any { return new(api.EventTransportCollected) },
	"EventTransportDelivered":  func() any { return new(api.EventTransportDelivered) },
	"EventManifestAccepted":    func() any { return new(api.EventManifestAccepted) },
	"EventBatchTreated":        func() any { return new(api.EventBatchTreated) },
	"EventOutcomeReported":     func() any { return new(api.EventOutcomeReported) },
	"EventRulingRecorded":      func() any { return new(api.EventRulingRecorded) },
	"DrawFile":                 func() any { return new(api.DrawFile) },
	"VehicleLoad":              func() any { return new(api.VehicleLoad) },
	"Report":                   func() any { return new(api.Report) },
	"DrawPage":                 func() any { return new(api.DrawPage) },
	"KeptReport":               func() any { return new(api.KeptReport) },
	"NewReport":                func() any { return new(api.NewReport) },
	"ReportPage":               func() any { return new(api.ReportPage) },
	"SampleList":               func() any { return new(api.SampleList) },
	"NewSampleList":            func() any { return new(api.NewSampleList) },
	"EventSampleDrawn":         func() any { return new(api.EventSampleDrawn) },
	"EventInspectionRecorded":  func() any { return new(api.EventInspectionRecorded) },
	"EventBatchRepacked":       func() any { return new(api.EventBatchRepacked) },
	"EventManifestCancelled":   func() any { return new(api.EventManifestCancelled) },
	"EventTransportHandedOver": func() any { return new(api.EventTransportHandedOver) },
	"EventManifestRefused":     func() any { return new(api.EventManifestRefused) },
	"EventManifestNumbered":    func() any { return new(api.EventManifestNumbered) },
	"EventCorrectionProposed":  func() any { return new(api.EventCorrectionProposed) },
	"EventCorrectionAgreed":    func() any { return new(api.EventCorrectionAgreed) },
	"EventCorrectionDeclined":  func() any { return new(api.EventCorrectionDeclined) },
	"EventTransportReturned":   func() any { return new(api.EventTransportReturned) },
	"EventMeterRecorded":       func() any { return new(api.EventMeterRecorded) },
	"EventPaperBackfilled":     func() any { return new(api.EventPaperBackfilled) },
	"EventIncidentReported":    func() any { return new(api.EventIncidentReported) },

	"EventAuthorisationGiven":     func() any { return new(api.EventAuthorisationGiven) },
	"EventAuthorisationWithdrawn": func() any { return new(api.EventAuthorisationWithdrawn) },
	"EventStopSkipped":            func() any { return new(api.EventStopSkipped) },
	"EventBatterySold":            func() any { return new(api.EventBatterySold) },
	"EventBatteryTakenBack":       func() any { return new(api.EventBatteryTakenBack) },
}

// eventSchema is the schema of an event type: use.recorded is EventUseRecorded.
func eventSchema(typ string) string {
	name := "Event"
	for _, word := range strings.FieldsFunc(typ, func(c rune) bool { return c == '.' || c == '_' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// reread decodes a JSON text strictly into the generated type and encodes it again.
func reread(t *testing.T, schema string, text []byte) []byte {
	t.Helper()
	if schema == "Event" {
		var head struct{ Type string }
		if err := json.Unmarshal(text, &head); err != nil {
			t.Fatal(err)
		}
		schema = eventSchema(head.Type)
	}
	fresh := wireTypes[schema]
	if fresh == nil {
		t.Fatalf("no generated type is known here for the schema %q", schema)
	}
	v := fresh()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s does not decode: %v\n%s", schema, err, text)
	}
	return must(json.Marshal(v))(t)
}

// TestExamplesFitTheGeneratedTypes decodes every example into its generated type and back.
func TestExamplesFitTheGeneratedTypes(t *testing.T) {
	tried := 0
	for _, c := range calls(load(t)) {
		var bodies []openapi3.Content
		if c.op.RequestBody != nil {
			bodies = append(bodies, c.op.RequestBody.Value.Content)
		}
		for _, r := range c.op.Responses.Map() {
			bodies = append(bodies, r.Value.Content)
		}
		for _, content := range bodies {
			for mediaType, m := range content {
				for name, e := range m.Examples {
					if mediaType == "text/plain" {
						continue // a text is what it is
					}
					tried++
					text := must(json.Marshal(e.Value.Value))(t)
					if back := reread(t, strings.TrimPrefix(m.Schema.Ref, "#/components/schemas/"), text); !sameJSON(t, back, text) {
						t.Errorf("%s %s, example %s: through the generated type\n%s\nbecomes\n%s", c.method, c.path, name, text, back)
					}
				}
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d examples were found", tried)
	}
}
